// SPDX-License-Identifier: GPL-2.0-or-later
// Network cards: the harness sends frames and sees what comes back.
#include "harness/scenario/kind.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::scenario {

namespace {

std::pair<const char*, nlohmann::json> netdev(const BackendPlace& place) {
  return {"-netdev",
          {{"type", "stream"},
           {"id", place.id},
           {"server", false},
           {"addr", {{"type", "fd"}, {"str", std::to_string(place.fd)}}}}};
}

constexpr Backend net_backend{.name = "net",
                              .property = "netdev",
                              .inherits = Backend::Inherits::socket,
                              .has_mac = true,
                              .option = netdev};

}  // namespace

const Kind& net_kind() {
  static const Kind kind{
      .name = "net",
      .backend = &net_backend,
      .activities = {{.name = wire::activity::net_receive,
                      // Ethernet without VLAN: 60 bytes without checksum to 1514 (IEEE 802.3,
                      // 3.2.7).
                      .parameters = {{"rate", shape::whole(0, 1'000'000)},
                                     {"frame", shape::whole(60, 1514)}},
                      .feed = Feed::frames,
                      // QEMU's e1000e (11.1) receives nothing any more once a frame came while its
                      // Bus Master was clear, whether it got it back stopped or running (measured),
                      // and 7.2's aborted the machine once.
                      .bears_gating = false}},
      .tests = {{.name = wire::test::net_echo,
                 .parameters = {{"frames", shape::whole(1, 10'000)}},
                 .feed = Feed::frames,
                 .witness = Witness::frames}},
      .offered_activity = {{"kind", wire::activity::net_receive},
                           {"rate", 10},
                           {"frame", wire::usual_frame}},
      .offered_test = {{"kind", wire::test::net_echo}, {"frames", 20}}};
  return kind;
}

}  // namespace quiesce::scenario
