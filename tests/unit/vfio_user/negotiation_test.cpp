// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/negotiation.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "tests/unit/vfio_user/client.hpp"

BOOST_AUTO_TEST_SUITE(vfio_user_negotiation)

using namespace quiesce;
using namespace quiesce::vfio_user;
using testing::version_body;

namespace {

int error_of(std::string_view json) {
  Proposal proposal;
  return read_proposal(version_body(json), proposal);
}

std::uint64_t data_bytes_of(std::string_view json) {
  Proposal proposal;
  BOOST_REQUIRE_EQUAL(read_proposal(version_body(json), proposal), 0);
  return proposal.data_bytes;
}

std::string answer_to(std::string_view json, const Limits& limits = {}) {
  Proposal proposal;
  BOOST_REQUIRE_EQUAL(read_proposal(version_body(json), proposal), 0);
  const Reply reply = accept(proposal, limits);
  return testing::text_of(std::span(reply.body).subspan(sizeof(wire::Version)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_qemu_proposes_is_accepted_with_our_limits) {
  Proposal proposal;
  BOOST_TEST(read_proposal(version_body(), proposal) == 0);
  const Reply reply = accept(proposal, {.data_bytes = 65536, .descriptors = 5, .mappings = 77});
  const auto text = std::span(reply.body).subspan(sizeof(wire::Version));
  // QEMU: "corrupt version reply" without the zero.
  BOOST_TEST((text.back() == std::byte{0}));
  const auto json = nlohmann::json::parse(testing::text_of(text.first(text.size() - 1)));
  BOOST_TEST(json ==
             nlohmann::json::parse(R"({"capabilities":{"max_msg_fds":5,"max_data_xfer_size":65536,)"
                                   R"("max_dma_maps":77,"pgsizes":4096}})"));
}

// QEMU has as much room for the reply as its request was long (vfio_user_send_wait without rsize).
BOOST_AUTO_TEST_CASE(the_reply_is_no_longer_than_the_request) {
  for (const char* json :
       {"", "{}", R"({"capabilities":{}})", R"({"capabilities":{"max_msg_fds":16,"pgsizes":4096}})",
        R"({"capabilities":{"max_data_xfer_size":1048576,"max_dma_maps":65535}})"}) {
    Proposal proposal;
    const auto request = version_body(json);
    BOOST_TEST(read_proposal(request, proposal) == 0);
    BOOST_TEST(accept(proposal, {}).body.size() <= request.size(), json);
  }
}

BOOST_AUTO_TEST_CASE(only_what_was_proposed_is_named) {
  BOOST_TEST(answer_to("").empty());
  BOOST_TEST(answer_to("{}") == std::string("{}") + '\0');
  BOOST_TEST(answer_to(R"({"capabilities":{"pgsizes":4096}})") ==
             std::string(R"({"capabilities":{"pgsizes":4096}})") + '\0');
}

BOOST_AUTO_TEST_CASE(what_we_cannot_do_is_not_named_though_it_was_proposed) {
  const std::string said =
      answer_to(R"({"capabilities":{"write_multiple":true,"twin_socket":{"supported":true},)"
                R"("migration":{"pgsize":4096}}})");
  BOOST_TEST(said == std::string(R"({"capabilities":{}})") + '\0');
}

BOOST_AUTO_TEST_CASE(the_versions_agree_on_the_lower_one) {
  for (const auto& [asked, told] : {std::pair{0, 0}, {1, 1}, {2, 1}, {65535, 1}}) {
    Proposal proposal;
    BOOST_TEST(read_proposal(version_body("", 0, static_cast<std::uint16_t>(asked)), proposal) ==
               0);
    const auto version = head<wire::Version>(accept(proposal, {}).body);
    BOOST_TEST(version->major == 0);
    BOOST_TEST(version->minor == told);
  }
}

BOOST_AUTO_TEST_CASE(another_major_version_is_refused) {
  Proposal proposal;
  BOOST_TEST(read_proposal(version_body("", 1, 0), proposal) == ENOTSUP);
  BOOST_TEST(read_proposal(version_body("", 65535, 0), proposal) == ENOTSUP);
}

BOOST_AUTO_TEST_CASE(how_much_the_client_takes_is_read_and_has_the_specifications_default) {
  BOOST_TEST(data_bytes_of("") == 1048576U);
  BOOST_TEST(data_bytes_of(R"({"capabilities":{}})") == 1048576U);
  BOOST_TEST(data_bytes_of(R"({"capabilities":{"max_data_xfer_size":4096}})") == 4096U);
  BOOST_TEST(data_bytes_of(R"({"capabilities":{"max_data_xfer_size":18446744073709551615}})") ==
             ~std::uint64_t{0});
}

BOOST_AUTO_TEST_CASE(capabilities_of_the_wrong_type_are_refused) {
  for (const char* name : {"max_msg_fds", "max_data_xfer_size", "max_dma_maps", "pgsizes"})
    for (const char* value : {"-1", "1.5", "\"8\"", "null", "true", "[]", "{}", "1e400"})
      BOOST_TEST(error_of(fmt::format(R"({{"capabilities":{{"{}":{}}}}})", name, value)) == EINVAL,
                 name << " " << value);
  BOOST_TEST(error_of(R"({"capabilities":{"max_data_xfer_size":0}})") == EINVAL);
}

BOOST_AUTO_TEST_CASE(what_is_no_json_object_is_refused) {
  for (const char* json :
       {" ", "{", "[]", "1", "\"x\"", "null", "{} {}", R"({"capabilities":[]})",
        R"({"capabilities":1})", "{\"capabilities\":{}", "{'capabilities':{}}", "\xff\xfe"})
    BOOST_TEST(error_of(json) == EINVAL, json);
  // A parser that recurses would end here.
  BOOST_TEST(error_of(std::string(4000, '[')) == EINVAL);
}

BOOST_AUTO_TEST_CASE(a_text_without_its_end_or_too_long_is_refused) {
  Proposal proposal;
  auto body = version_body("{}");
  body.pop_back();
  BOOST_TEST(read_proposal(body, proposal) == EINVAL);
  BOOST_TEST(error_of("{}" + std::string(4093, ' ')) == 0);
  BOOST_TEST(error_of("{}" + std::string(4094, ' ')) == EINVAL);
}

BOOST_AUTO_TEST_CASE(a_body_too_short_for_a_version_is_refused) {
  Proposal proposal;
  const auto body = version_body("");
  for (std::size_t size = 0; size < body.size(); ++size)
    BOOST_TEST(read_proposal(std::span(body).first(size), proposal) == EINVAL);
}

BOOST_AUTO_TEST_SUITE_END()
