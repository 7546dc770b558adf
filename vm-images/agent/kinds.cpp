// SPDX-License-Identifier: GPL-2.0-or-later
// Where the kinds of work are listed. Each is one file with a function for what keeps a device busy
// and one that shows that it works; harness/scenario/kinds/ has their parameters.
#include <algorithm>

#include "harness/wire/work.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

Result<Work> net_receive(const Subject& subject, const Request& request);
Result<Outcome> net_echo_test(const Subject& subject, const Request& request);
Result<Work> disk_read(const Subject& subject, const Request& request);
Result<Work> disk_write(const Subject& subject, const Request& request);
Result<Outcome> disk_compare_test(const Subject& subject, const Request& request);
Result<Work> sound_play(const Subject& subject, const Request& request);
Result<Outcome> sound_play_test(const Subject& subject, const Request& request);
Result<Work> pointer_read(const Subject& subject, const Request& request);
Result<Outcome> pointer_test(const Subject& subject, const Request& request);
Result<Work> console_write(const Subject& subject, const Request& request);
Result<Outcome> console_test(const Subject& subject, const Request& request);
Result<Work> model_run(const Subject& subject, const Request& request);
Result<Outcome> model_copy_test(const Subject& subject, const Request& request);

namespace {

template <class F>
struct KindRow {
  std::string_view name;
  F function;
};
constexpr KindRow<Prepare> activities[] = {
    {wire::activity::net_receive, net_receive}, {wire::activity::disk_read, disk_read},
    {wire::activity::disk_write, disk_write},   {wire::activity::sound_play, sound_play},
    {wire::activity::pointer, pointer_read},    {wire::activity::console, console_write},
    {wire::activity::model_run, model_run},
};
constexpr KindRow<RunTest> tests[] = {
    {wire::test::net_echo, net_echo_test},     {wire::test::disk_compare, disk_compare_test},
    {wire::test::sound_play, sound_play_test}, {wire::test::pointer, pointer_test},
    {wire::test::console, console_test},       {wire::test::model_copy, model_copy_test},
};

template <class F, std::size_t N>
F find_in(const KindRow<F> (&rows)[N], std::string_view name) {
  const auto* found = std::ranges::find(rows, name, &KindRow<F>::name);
  return found == std::end(rows) ? nullptr : found->function;
}

}  // namespace

Prepare find_activity(std::string_view name) {
  return find_in(activities, name);
}

RunTest find_test(std::string_view name) {
  return find_in(tests, name);
}

}  // namespace quiesce::agent
