// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/target/target.hpp"

namespace quiesce::target {

std::vector<std::string> Capabilities::names() const {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < record::capability_count; ++at)
    if (const auto one = static_cast<Capability>(at); has(one))
      list.emplace_back(record::name_of(one));
  return list;
}

tl::unexpected<Error> cannot(Capability capability) {
  return fail(Errc::unsupported, "the target cannot {}", record::words_of(capability));
}

Result<void> Target::halt(TimePoint) {
  return cannot(Capability::stop);
}

Result<void> Target::set_breakpoint(GuestVirt, TimePoint) {
  return cannot(Capability::stop);
}

Result<void> Target::clear_breakpoint(GuestVirt, TimePoint) {
  return cannot(Capability::stop);
}

Result<std::vector<CpuState>> Target::cpus(TimePoint) {
  return cannot(Capability::registers);
}

Result<std::optional<GuestPhys>> Target::physical(GuestVirt, TimePoint) {
  return cannot(Capability::registers);
}

Result<Bus*> Target::bus() {
  return cannot(Capability::configuration);
}

Result<SharedMemory> Target::memory() {
  return cannot(Capability::watch_memory);
}

Result<void> Target::press(const std::vector<std::string>&, TimePoint) {
  return cannot(Capability::keys);
}

Result<void> Target::move_pointer(int, int) {
  return cannot(Capability::keys);
}

Result<void> Target::trace_interrupts(bool, TimePoint) {
  return cannot(Capability::trace);
}

Result<void> Target::inject_nmi(TimePoint) {
  return cannot(Capability::nmi);
}

Result<void> Target::report_bus_error(const std::string&, BusError) {
  return cannot(Capability::bus_errors);
}

Result<void> Target::save_picture(const std::string&, TimePoint) {
  return cannot(Capability::screen);
}

Result<std::string> Target::picture(TimePoint) {
  return cannot(Capability::screen);
}

Result<void> Target::ask_picture() {
  return cannot(Capability::screen);
}

Result<std::string> Target::fetch_picture() const {
  return cannot(Capability::screen);
}

Result<void> Target::send_frame(const std::string&, std::string_view) {
  return cannot(Capability::frames);
}

}  // namespace quiesce::target
