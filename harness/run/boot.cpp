// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/phases.hpp"

namespace quiesce::run {

namespace {

// A stock kernel takes 8 s from firmware to init under emulation on an idle machine (measured); a
// loaded one much more.
constexpr Seconds boot_patience{180};

}  // namespace

Result<void> boot(Session& session) {
  session.phase("boot");
  TRY(session.launch());
  TRY(session.resume());
  TRY(session.expect(
      "the production kernel's first line on the console",
      [&] { return session.landmarks.contains("kernel-start"); }, session.scaled(boot_patience)));
  session.note("production kernel speaks");
  TRY(session.expect(
      "the agent of the production kernel",
      [&] { return session.agent.hello("production") != nullptr; }, session.scaled(boot_patience)));
  session.note("agent is up");
  return {};
}

}  // namespace quiesce::run
