// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qtest.hpp"

#include "harness/base/text.hpp"

namespace quiesce::vm {

namespace {

// QEMU answers from its main loop at once; a machine that is busy holding its lock may take a
// moment.
constexpr Seconds patience{10};
constexpr std::size_t longest_reply = 4U << 20;

Result<std::uint32_t> value_in(const std::string& reply) {
  const auto value = parse_number(reply);
  if (!value || *value > 0xffffffff)
    return fail(Errc::protocol, "qtest answered \"{}\" where a 32-bit value was due", reply);
  return static_cast<std::uint32_t>(*value);
}

}  // namespace

Qtest::Qtest(Loop& loop, Fd socket) : loop_(loop), socket_(std::move(socket)) {
  watch_ = loop_.on_readable(socket_.get(), [this] { readable(); });
}

void Qtest::readable() {
  auto bytes = read_some(socket_.get());
  if (!bytes || buffer_.size() + bytes->size() > longest_reply) {
    closed_ = bytes ? Error(Errc::protocol, "QEMU sent an endless qtest reply") : bytes.error();
    watch_ = {};
    return;
  }
  buffer_ += *bytes;
}

Result<std::string> Qtest::ask(const std::string& command) {
  if (closed_) return tl::unexpected(*closed_);
  TRY(write_all(socket_.get(), command + "\n"));
  ++owed_;
  for (;;) {
    const auto has_line = [&] { return closed_ || buffer_.find('\n') != std::string::npos; };
    const Waited waited = loop_.run_until(has_line, loop_.now() + patience);
    if (closed_)
      return tl::unexpected(closed_->because(fmt::format("qtest \"{}\" was pending", command)));
    if (waited == Waited::stopped)
      return fail(Errc::interrupted, "interrupted during qtest \"{}\"", command);
    if (waited == Waited::deadline)
      return fail(Errc::timeout, "QEMU did not answer qtest \"{}\" in time", command);
    const std::size_t end = buffer_.find('\n');
    const std::string line(trim(std::string_view(buffer_).substr(0, end)));
    buffer_.erase(0, end + 1);
    if (line.starts_with("IRQ ")) continue;  // news about interrupt lines, unasked
    if (--owed_ > 0) continue;               // the late answer to a command that was given up
    if (line == "OK") return std::string();
    if (line.starts_with("OK ")) return line.substr(3);
    return fail(Errc::protocol, "qtest \"{}\": {}", command, line);
  }
}

Result<std::uint32_t> Qtest::in32(std::uint16_t port) {
  TRY_ASSIGN(const std::string reply, ask(fmt::format("inl {:#x}", port)));
  return value_in(reply);
}

Result<void> Qtest::out32(std::uint16_t port, std::uint32_t value) {
  TRY(ask(fmt::format("outl {:#x} {:#x}", port, value)));
  return {};
}

Result<std::uint32_t> Qtest::read32(GuestPhys at) {
  TRY_ASSIGN(const std::string reply, ask(fmt::format("readl {:#x}", at.value)));
  return value_in(reply);
}

Result<void> Qtest::write32(GuestPhys at, std::uint32_t value) {
  TRY(ask(fmt::format("writel {:#x} {:#x}", at.value, value)));
  return {};
}

Result<std::vector<std::byte>> Qtest::read(GuestPhys at, std::size_t size) {
  TRY_ASSIGN(const std::string reply, ask(fmt::format("read {:#x} {:#x}", at.value, size)));
  if (!reply.starts_with("0x")) return fail(Errc::protocol, "qtest read answered \"{}\"", reply);
  auto bytes = from_hex(std::string_view(reply).substr(2));
  if (!bytes) return fail(Errc::protocol, "qtest read gave bytes that are no hexadecimal digits");
  if (bytes->size() != size)
    return fail(Errc::protocol, "qtest read gave {} bytes where {} were asked for", bytes->size(),
                size);
  return std::move(*bytes);
}

}  // namespace quiesce::vm
