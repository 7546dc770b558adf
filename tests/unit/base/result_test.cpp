// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/result.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>

BOOST_AUTO_TEST_SUITE(base_result)

using namespace quiesce;

namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Errc::invalid_input, "{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  TRY_ASSIGN(const int once, half(number));
  TRY_ASSIGN(const int twice, half(once));
  return twice;
}

Result<void> even(int number) {
  TRY(half(number));
  return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(try_assign_takes_the_value_or_returns_the_error) {
  BOOST_TEST(quarter(12).value() == 3);
  BOOST_TEST(quarter(6).error().message() == "3 is odd");
}

BOOST_AUTO_TEST_CASE(an_error_of_another_kind_one_level_up_keeps_the_one_below) {
  const Error inner(Errc::timeout, "no disk appeared");
  const Error outer = inner.because(Errc::unsupported, "the agent cannot test");
  BOOST_TEST((outer.code() == Errc::unsupported));
  BOOST_TEST(outer.describe() == "the agent cannot test: no disk appeared");
  BOOST_REQUIRE(outer.cause() != nullptr);
  BOOST_TEST((outer.cause()->code() == Errc::timeout));
  BOOST_TEST((inner.cause() == nullptr));
}

BOOST_AUTO_TEST_CASE(a_system_call_that_waited_in_vain_is_a_timeout) {
  BOOST_TEST((fail_errno("reading", ETIMEDOUT).value().code() == Errc::timeout));
  BOOST_TEST((fail_errno("reading", EIO).value().code() == Errc::io));
}

BOOST_AUTO_TEST_CASE(a_code_is_found_by_its_word) {
  for (const Errc code : {Errc::invalid_input, Errc::timeout, Errc::internal})
    BOOST_TEST((errc_of(to_string(code)) == code));
  BOOST_TEST((errc_of("too-long") == Errc::internal));
}

BOOST_AUTO_TEST_CASE(try_returns_the_error_and_goes_on_without_one) {
  BOOST_TEST(even(2).has_value());
  BOOST_TEST(even(3).error().message() == "3 is odd");
}

BOOST_AUTO_TEST_CASE(an_error_is_told_with_all_its_causes) {
  const Error inner(Errc::closed, "the peer is gone");
  const Error outer = inner.because("cannot ask QEMU").because("cannot take the screen");
  BOOST_TEST(outer.describe() == "cannot take the screen: cannot ask QEMU: the peer is gone");
  BOOST_TEST(outer.message() == "cannot take the screen");
  BOOST_TEST((outer.code() == Errc::closed));
}

BOOST_AUTO_TEST_CASE(a_cause_outlives_the_error_it_was_taken_from) {
  auto inner = std::make_unique<Error>(Errc::io, "no such luck");
  const Error outer = inner->because("cannot win");
  inner.reset();
  BOOST_TEST(outer.describe() == "cannot win: no such luck");
}

BOOST_AUTO_TEST_CASE(a_system_call_that_failed_says_why_and_of_what_kind) {
  const auto kind = [](int number) { return fail_errno("cannot do", number).value().code(); };
  BOOST_TEST((kind(ENOSPC) == Errc::no_space));
  BOOST_TEST((kind(EDQUOT) == Errc::no_space));
  BOOST_TEST((kind(ENOENT) == Errc::not_found));
  BOOST_TEST((kind(EPERM) == Errc::io));
  BOOST_TEST(fail_errno("cannot open x", ENOENT).value().message() ==
             "cannot open x: No such file or directory");
}

BOOST_AUTO_TEST_CASE(every_kind_of_error_has_a_word_of_its_own) {
  std::string all;
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const std::string word = std::string(" ") + to_string(static_cast<Errc>(code)) + " ";
    BOOST_TEST(all.find(word) == std::string::npos);
    all += word;
  }
}

BOOST_AUTO_TEST_SUITE_END()
