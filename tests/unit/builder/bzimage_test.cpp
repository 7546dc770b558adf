// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/bzimage.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"
#include "vm-images/builder/config.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_bzimage)

using namespace made_up;

namespace {

std::string refusal(std::string_view bytes) {
  auto result = parse_bzimage(bytes, "k");
  BOOST_REQUIRE(!result);
  BOOST_TEST(to_string(result.error().code()) == "invalid-input");
  return result.error().describe();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_bzimage_says_its_release_and_where_the_kernel_is) {
  const std::string bytes = bzimage("6.1.0-56-amd64", "PAYLOAD");
  const auto image = parse_bzimage(bytes, "k");
  BOOST_REQUIRE(image);
  BOOST_TEST(image->release == "6.1.0-56-amd64");
  BOOST_TEST(image->payload == "PAYLOAD");
}

BOOST_AUTO_TEST_CASE(what_is_no_bzimage_is_refused_with_the_remedy) {
  const std::string remedy = "; give the bzImage (arch/x86/boot/bzImage, vmlinuz)";
  BOOST_TEST(refusal("") == "k is not an x86 kernel image" + remedy);
  BOOST_TEST(refusal(std::string(4096, 'x')) == "k is not an x86 kernel image" + remedy);
  BOOST_TEST(refusal(program({})) == "k is an ELF file (vmlinux?)" + remedy);
  BOOST_TEST(refusal(compress("vmlinux", "gz")) == "k is gzip data" + remedy);
  std::string low = bzimage("1.0");
  low[0x211] = 0;
  BOOST_TEST(refusal(low) == "k is a zImage, which is loaded low; give the bzImage");
}

BOOST_AUTO_TEST_CASE(a_bzimage_cut_short_is_refused) {
  const std::string bytes = bzimage("6.1.0", "PAYLOAD");
  BOOST_TEST(refusal(bytes.substr(0, bytes.size() - 1)) ==
             "k is cut short: it has 2070 bytes, its header speaks of at least 2071");
  BOOST_TEST(refusal(bytes.substr(0, 0x300)) ==
             "k does not say which release it is; it may be cut short");
}

BOOST_AUTO_TEST_CASE(every_prefix_of_a_bzimage_is_parsed_without_reading_beyond_it) {
  const std::string bytes = bzimage("6.1.0", "PAYLOAD");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string prefix = bytes.substr(0, size);
    BOOST_TEST(!parse_bzimage(prefix, "k").has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_release_that_would_leave_its_folder_is_refused) {
  BOOST_TEST(refusal(bzimage("../../etc")) ==
             "k does not say which release it is; it may be cut short");
}

BOOST_AUTO_TEST_CASE(the_configuration_inside_a_kernel_is_found_under_every_compression) {
  const std::string config = "CONFIG_KEXEC_FILE=y\n";
  const std::string plain = "code IKCFG_ST is a string, too " + std::string(5000, 'c') +
                            "IKCFG_ST" + compress(config, "gz") + "IKCFG_ED rest";
  for (const std::string compression : {"gz", "xz", "zst"}) {
    // The build appends the size to all but gzip data.
    const std::string size = compression == "gz" ? "" : std::string("\x10\x20\x00\x00", 4);
    const std::string bytes = bzimage("6.1.0", compress(plain, compression) + size);
    const auto found = embedded_config(*parse_bzimage(bytes, "k"), "k");
    BOOST_REQUIRE_MESSAGE(found.has_value(), compression);
    BOOST_TEST(found->value_or("none") == config);
  }
}

BOOST_AUTO_TEST_CASE(a_kernel_without_configuration_is_no_error) {
  const std::string bytes = bzimage("6.1.0", compress("nothing in here", "xz") + "SIZE");
  const auto found = embedded_config(*parse_bzimage(bytes, "k"), "k");
  BOOST_REQUIRE(found);
  BOOST_TEST(!found->has_value());
}

BOOST_AUTO_TEST_CASE(a_configuration_is_read_line_by_line) {
  const Config config = parse_config(
      "# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=m\r\nCONFIG_D=\"text = x\"\nCONFIG_E=0x10");
  const Config expected = {
      {"CONFIG_B", "y"}, {"CONFIG_C", "m"}, {"CONFIG_D", "text = x"}, {"CONFIG_E", "0x10"}};
  BOOST_TEST((config == expected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
