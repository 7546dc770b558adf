// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/health.hpp"

#include <stdlib.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(dispatch_health)

using namespace quiesce;
using dispatch::Finding;
using dispatch::Health;

namespace {

/// A machine with neither programs nor a store.
struct Bare {
  TempDir dir = TempDir::create().value();
  std::string path_before = ::getenv("PATH");
  Bare() {
    ::setenv("PATH", dir.path().c_str(), 1);
    ::setenv("QUIESCE_CACHE", "/dev/null/store", 1);
    ::setenv("QUIESCE_DATA", dir.path().c_str(), 1);
  }
  ~Bare() {
    ::setenv("PATH", path_before.c_str(), 1);
    ::unsetenv("QUIESCE_CACHE");
    ::unsetenv("QUIESCE_DATA");
  }
};

const Finding& about(const std::vector<Finding>& findings, const std::string& what) {
  const auto found = std::ranges::find(findings, what, &Finding::what);
  BOOST_REQUIRE_MESSAGE((found != findings.end()), what);
  return *found;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_machine_that_has_nothing_is_told_what_it_lacks_with_the_remedy, Bare) {
  const auto findings = dispatch::examine();
  BOOST_TEST(dispatch::is_missing(findings));
  for (const char* what : {"QEMU", "image store", "program data"}) {
    const Finding& finding = about(findings, what);
    BOOST_TEST((finding.health == Health::missing), what);
    BOOST_TEST(!finding.remedy.empty(), what);
  }
  // What is there needs no remedy.
  for (const Finding& finding : findings)
    BOOST_TEST((finding.health != Health::good || finding.remedy.empty()), finding.what);
}

BOOST_AUTO_TEST_CASE(what_is_only_limited_does_not_keep_anybody_from_running) {
  BOOST_TEST(!dispatch::is_missing({{.health = Health::limited}, {.health = Health::good}}));
  BOOST_TEST(dispatch::is_missing({{.health = Health::good}, {.health = Health::missing}}));
}

BOOST_AUTO_TEST_SUITE_END()
