// SPDX-License-Identifier: GPL-2.0-or-later
// Reads are counted and told, not timed: a test's times mean nothing.
#include "vm-images/agent/register_bench.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "tests/unit/agent/fake_pci.hpp"

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;
using fake::Sysfs;

namespace {

constexpr std::uint32_t id = 0x010000ed;

/// A BAR of 4096 bytes that are zero, but for its first register.
void put_bar(const Sysfs& sysfs) {
  std::string bytes(4096, '\0');
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<char>(id >> 8 * i & 0xff);
  sysfs.put(fake::root_function, "resource0", bytes);
}

RegisterBench small() {
  return {.address = fake::root_function, .offset = 0, .reads = 10, .rounds = 3};
}

unsigned command_of(const Sysfs& sysfs) {
  return sysfs.tree().read(fake::root_function, 4, 2).value();
}

void set_command(const Sysfs& sysfs, unsigned value) {
  auto bytes = fake::endpoint();
  bytes[4] = static_cast<std::byte>(value);
  sysfs.put_config(fake::root_function, bytes);
}

Errc code_of(const auto& result) {
  BOOST_REQUIRE(!result.has_value());
  return result.error().code();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_bench_tells_what_was_read_and_a_time_for_each_round) {
  const Sysfs sysfs;
  put_bar(sysfs);
  const Json answer = bench_registers(sysfs.tree(), small()).value();
  BOOST_TEST(answer["address"] == "0000:00:03.0");
  BOOST_TEST(answer["offset"] == 0);
  BOOST_TEST(answer["reads"] == 10);
  BOOST_TEST(answer["first"] == "0x10000ed");
  BOOST_TEST(answer["last"] == "0x10000ed");
  BOOST_REQUIRE(answer["nanoseconds"].size() == 3U);
  const auto middle = answer["median"].get<double>();
  std::size_t below = 0;
  std::size_t above = 0;
  for (const Json& each : answer["nanoseconds"]) {
    below += each.get<double>() <= middle ? 1 : 0;
    above += each.get<double>() >= middle ? 1 : 0;
  }
  BOOST_TEST(below >= 2U);
  BOOST_TEST(above >= 2U);
}

BOOST_AUTO_TEST_CASE(a_bench_reads_the_register_at_its_offset) {
  const Sysfs sysfs;
  put_bar(sysfs);
  RegisterBench bench = small();
  bench.offset = 4092;
  BOOST_TEST(bench_registers(sysfs.tree(), bench).value()["first"] == "0x0");
}

BOOST_AUTO_TEST_CASE(a_register_is_read_as_often_as_it_was_asked_for) {
  const Sysfs sysfs;
  put_bar(sysfs);
  const Bar bar = Bar::open(sysfs.file(fake::root_function, "resource0")).value();
  const std::atomic<bool> over{false};
  BOOST_TEST(bar.read_often(0, 12345, over).value() == 12345U);
  const std::atomic<bool> at_once{true};
  BOOST_TEST(bar.read_often(0, 12345, at_once).value() == 0U);
  BOOST_TEST((code_of(time_reads(bar, small(), at_once)) == Errc::timeout));
}

BOOST_AUTO_TEST_CASE(a_function_that_goes_while_it_is_read_is_an_error) {
  const Sysfs sysfs;
  put_bar(sysfs);
  const auto file = sysfs.file(fake::root_function, "resource0");
  const Bar bar = Bar::open(file).value();
  BOOST_REQUIRE(::truncate(file.c_str(), 0) == 0);
  const std::atomic<bool> over{false};
  BOOST_TEST(!bar.read_often(0, 100, over).has_value());
  BOOST_TEST((code_of(time_reads(bar, small(), over)) == Errc::closed));
}

BOOST_AUTO_TEST_CASE(a_function_is_enabled_for_the_reads_and_as_it_was_after_them) {
  const Sysfs sysfs;
  put_bar(sysfs);
  set_command(sysfs, 0x04);  // Bus Master, and no Memory Space
  bool called = false;
  const auto answer = while_enabled(sysfs.tree(), fake::root_function, [&]() -> Result<Json> {
    called = true;
    BOOST_TEST(command_of(sysfs) == 0x06U);
    BOOST_TEST(sysfs.text(fake::root_function, "enable") == "1");
    return Json("done");
  });
  BOOST_TEST(called);
  BOOST_TEST(answer.value() == "done");
  BOOST_TEST(command_of(sysfs) == 0x04U);
  BOOST_TEST(sysfs.text(fake::root_function, "enable") == "0");
}

BOOST_AUTO_TEST_CASE(a_function_is_as_it_was_when_its_reads_failed) {
  const Sysfs sysfs;
  set_command(sysfs, 0);
  BOOST_TEST(!bench_registers(sysfs.tree(), small()).has_value());  // it has no resource0
  BOOST_TEST(command_of(sysfs) == 0U);
  BOOST_TEST(sysfs.text(fake::root_function, "enable") == "0");
}

BOOST_AUTO_TEST_CASE(a_function_that_somebody_has_enabled_stays_so) {
  const Sysfs sysfs;
  put_bar(sysfs);
  sysfs.put(fake::root_function, "enable", "1");
  BOOST_TEST(bench_registers(sysfs.tree(), small()).has_value());
  BOOST_TEST(sysfs.text(fake::root_function, "enable") == "1");
  BOOST_TEST(command_of(sysfs) == 0x06U);
}

BOOST_AUTO_TEST_CASE(a_function_that_is_not_there_cannot_be_measured) {
  const Sysfs sysfs;
  RegisterBench bench = small();
  bench.address = PciAddress{.device = 30};
  BOOST_TEST(!bench_registers(sysfs.tree(), bench).has_value());
}

BOOST_AUTO_TEST_CASE(a_bench_of_a_function_that_does_not_come_back_ends_in_time) {
  const Sysfs sysfs;
  put_bar(sysfs);
  sysfs.make_pipe(fake::root_function, "enable");
  RegisterBench bench = small();
  bench.patience = Seconds(0.1);
  BOOST_TEST((code_of(bench_registers(sysfs.tree(), bench)) == Errc::timeout));
  // Lets the thread that was left behind go: "2" says that others have enabled the function.
  const Fd writer = Fd::adopt(::open(sysfs.file(fake::root_function, "enable").c_str(), O_WRONLY));
  BOOST_TEST(::write(writer.get(), "2", 1) == 1);
}

BOOST_AUTO_TEST_CASE(a_bench_is_checked_before_it_is_run) {
  const auto read = [](const Json& fields) { return read_register_bench(Request(fields)); };
  const Json good = {{"address", "00:03.0"}, {"offset", 8}, {"reads", 7}, {"rounds", 2}};
  const auto bench = read(good);
  BOOST_REQUIRE(bench.has_value());
  BOOST_TEST((bench->address == fake::root_function));
  BOOST_TEST(bench->offset == 8U);
  BOOST_TEST(bench->reads == 7U);
  BOOST_TEST(bench->rounds == 2U);
  BOOST_TEST(bench->patience.count() == 60);
  for (const Json& change : {Json{{"address", "x"}}, Json{{"offset", 2}}, Json{{"offset", 4096}},
                             Json{{"offset", -4}}, Json{{"reads", 0}}, Json{{"reads", 1'000'001}},
                             Json{{"rounds", 0}}, Json{{"rounds", 1001}}, Json{{"seconds", 0}}}) {
    Json bad = good;
    bad.update(change);
    BOOST_TEST((code_of(read(bad)) == Errc::invalid_input), change.dump());
  }
  BOOST_TEST(!read(Json::object()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
