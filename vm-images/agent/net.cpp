// SPDX-License-Identifier: GPL-2.0-or-later
// Tagged frames over a packet socket: no addresses, no protocol but our own EtherType.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "harness/base/fd.hpp"
#include "harness/base/tag.hpp"
#include "harness/base/text.hpp"
#include "harness/wire/work.hpp"
#include "vm-images/agent/sysfs.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

namespace {

constexpr std::uint16_t ether_type = 0x88B5;  // IEEE 802, local experiments
constexpr std::size_t header_size = 14;
constexpr std::size_t most_frame = 16384;

struct Interface {
  std::string name;
  Fd socket;
  std::array<std::byte, 6> mac{};
};

Result<void> bring_up(Fd& socket, const std::string& name, std::array<std::byte, 6>& mac) {
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0)
    return fail_errno("cannot ask for the address of " + name);
  std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0)
    return fail_errno("cannot ask for the flags of " + name);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_PROMISC);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
    return fail_errno("cannot bring up " + name);
  return {};
}

Result<Interface> open_interface(const Subject& subject) {
  TRY_ASSIGN(const std::string name, wait_for_interface(subject.address, subject.patience));
  const int raw = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ether_type));
  if (raw < 0) return fail_errno("cannot create a packet socket");
  Interface interface {
    .name = name, .socket = Fd::adopt(raw), .mac = {}
  };
  TRY(bring_up(interface.socket, name, interface.mac));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ether_type);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
  if (::bind(raw, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("cannot listen on " + name);
  return interface;
}

/// What a received frame is.
enum class Received { nothing, ours, damaged, other };

/// Takes one frame that the harness tagged for `subject`, waiting `patience_ms` for it.
Received receive(Interface& interface, const Subject& subject, int patience_ms, Tag& tag,
                 std::size_t& length) {
  pollfd wait{.fd = interface.socket.get(), .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, patience_ms) <= 0) return Received::nothing;
  std::array<std::byte, most_frame> buffer;
  const ssize_t got = ::recv(interface.socket.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return Received::nothing;
  length = static_cast<std::size_t>(got);
  if (length < header_size + Tag::size) return Received::other;
  const auto data = std::span(buffer).subspan(header_size, length - header_size);
  const auto read = read_tag(data);
  if (!read) return Received::damaged;
  tag = *read;
  if (tag.kind != TagKind::frame || tag.seed != subject.seed) return Received::other;
  if (tag.device != subject.device.substr(0, Tag::longest_name)) return Received::other;
  return is_tagged(data, tag) ? Received::ours : Received::damaged;
}

Result<void> receive_all(Interface& interface, const Subject& subject, const std::stop_token& stop,
                         Progress& progress) {
  std::uint64_t expected = 0;
  std::uint64_t lost = 0;
  while (!stop.stop_requested()) {
    Tag tag;
    std::size_t length = 0;
    const Received received = receive(interface, subject, 100, tag, length);
    if (received == Received::damaged) {
      ++progress.errors;
      progress.say("a frame came damaged");
    }
    if (received != Received::ours) continue;
    // The first frames come before we listen; only what is missing in between was lost.
    if (progress.operations > 0 && tag.sequence > expected) {
      lost += tag.sequence - expected;
      progress.say(fmt::format("{} frames were lost", lost));
    }
    expected = tag.sequence + 1;
    ++progress.operations;
    progress.bytes += length;
  }
  return {};
}

std::vector<std::byte> guest_frame(const Interface& interface, const Subject& subject,
                                   std::uint64_t sequence, std::size_t size) {
  std::vector<std::byte> frame(size);
  std::fill_n(frame.begin(), 6, std::byte{0xff});
  std::ranges::copy(interface.mac, frame.begin() + 6);
  frame[12] = std::byte{ether_type >> 8};
  frame[13] = std::byte{ether_type & 0xff};
  fill_tagged(std::span(frame).subspan(header_size), {.kind = TagKind::guest_frame,
                                                      .device = subject.device,
                                                      .sequence = sequence,
                                                      .block = 0,
                                                      .offset = 0,
                                                      .seed = subject.seed});
  return frame;
}

std::string attribute(const Interface& interface, const char* name) {
  const auto text = read_file("/sys/class/net/" + interface.name + "/" + name);
  return text ? std::string(trim(*text)) : std::string();
}

/// Without a carrier the kernel throws away what is sent, and tells nobody. It does so a little
/// longer: the queue is switched on by a work of its own after the carrier came
/// (net/core/link_watch.c, dev_activate()), which holds the lock that setting flags needs. Drivers
/// that know of no carrier have the state "unknown" from the start.
bool wait_for_carrier(Interface& interface, Seconds patience) {
  // That work is done once a second at most.
  constexpr Seconds until_known{1.1};
  std::optional<TimePoint> unknown_since;
  const bool has_carrier = poll_until<bool>(patience, [&] {
    const std::string state = attribute(interface, "operstate");
    const bool carrier = attribute(interface, "carrier") == "1";
    if (!carrier || state != "unknown") unknown_since.reset();
    if (!carrier || state != "unknown") return carrier && state == "up";
    const TimePoint now = system_clock().now();
    if (!unknown_since) unknown_since = now;
    return now - *unknown_since > until_known;
  });
  return has_carrier && bring_up(interface.socket, interface.name, interface.mac);
}

}  // namespace

Result<Work> net_receive(const Subject& subject, const Request&) {
  TRY_ASSIGN(Interface interface, open_interface(subject));
  auto shared = std::make_shared<Interface>(std::move(interface));
  return Work{.node = shared->name,
              .run = [shared, subject](const std::stop_token& stop, Progress& progress) {
                return receive_all(*shared, subject, stop, progress);
              }};
}

Result<Outcome> net_echo_test(const Subject& subject, const Request& request) {
  TRY_ASSIGN(const std::uint64_t frames, request.whole("frames", 20, 1, 100'000));
  TRY_ASSIGN(const std::uint64_t size,
             request.whole("frame", wire::usual_frame, header_size + Tag::size, 1514));
  TRY_ASSIGN(const double seconds, request.number("seconds", 30, 0, 3600));
  TRY_ASSIGN(Interface interface, open_interface(subject));
  const TimePoint began = system_clock().now();
  const bool carrier = wait_for_carrier(interface, Seconds(seconds));
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;
  bool broken = false;  // not for want of room, which time gives
  std::uint64_t received = 0;
  std::uint64_t damaged = 0;
  // What the harness feeds is numbered without a gap: what is missing between the first and the
  // last that came was lost.
  std::set<std::uint64_t> numbers;
  while (carrier && (sent < frames || received < frames) &&
         system_clock().now() < began + Seconds(seconds)) {
    if (sent < frames) {
      const auto frame = guest_frame(interface, subject, sent, size);
      const ssize_t done = ::send(interface.socket.get(), frame.data(), frame.size(), 0);
      if (done == static_cast<ssize_t>(frame.size())) {
        ++sent;
      } else {
        broken = broken || (done < 0 && errno != EAGAIN && errno != ENOBUFS);
        ++refused;
      }
    }
    Tag tag;
    std::size_t length = 0;
    const Received got = receive(interface, subject, 10, tag, length);
    if (got == Received::ours) {
      ++received;
      numbers.insert(tag.sequence);
    }
    if (got == Received::damaged) ++damaged;
  }
  const bool ok = sent == frames && received >= frames && damaged == 0;
  const std::uint64_t lost =
      numbers.empty() ? 0 : *numbers.rbegin() - *numbers.begin() + 1 - numbers.size();
  const char* why = carrier ? "" : ", the interface never had a carrier";
  return Outcome{
      .why = why_not(ok, damaged > 0 ? Errc::protocol
                         : broken    ? Errc::io
                                     : Errc::timeout),
      .detail = fmt::format("{}: {} of {} frames sent, {} received, {} lost, {} damaged{}",
                            interface.name, sent, frames, received, lost, damaged, why),
      .numbers = {{"sent", sent},
                  {"refused", refused},
                  {"received", received},
                  {"lost", lost},
                  {"damaged", damaged},
                  {"seconds", (system_clock().now() - began).count()}}};
}

}  // namespace quiesce::agent
