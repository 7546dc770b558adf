// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/target/architecture.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

BOOST_AUTO_TEST_SUITE(target_architecture)

using namespace quiesce;

BOOST_AUTO_TEST_CASE(every_row_says_all_that_a_run_asks_for) {
  std::set<std::string_view> names, machines;
  for (const auto& row : target::architectures()) {
    BOOST_TEST(names.insert(row.name).second, std::string(row.name));
    BOOST_TEST(machines.insert(row.machine_type).second, std::string(row.machine_type));
    for (const auto text :
         {row.qemu, row.handover_symbol, row.consoles, row.console_device, row.screen_device,
          row.registers.instruction_pointer[0], row.registers.stack_pointer[0]})
      BOOST_TEST(!text.empty(), std::string(row.name));
    BOOST_TEST(row.kernel.half <= row.kernel.text);
    BOOST_TEST(row.ram.low <= row.ram.split_from);
  }
  BOOST_TEST(!names.empty());
}

BOOST_AUTO_TEST_CASE(a_machine_type_names_its_row) {
  for (const auto& row : target::architectures())
    BOOST_TEST(&target::architecture_of(row.machine_type) == &row);
  BOOST_TEST(&target::architecture_of("no-such-machine") == &target::default_architecture());
}

BOOST_AUTO_TEST_SUITE_END()
