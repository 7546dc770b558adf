// SPDX-License-Identifier: GPL-2.0-or-later
// The program inside the guest: /init of the initramfs, in the production and in the capture
// kernel. It must never end: the kernel panics when init does.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

#include "vm-images/agent/facts.hpp"
#include "vm-images/agent/ops.hpp"
#include "vm-images/agent/sysfs.hpp"

namespace {

using namespace quiesce;
using namespace quiesce::agent;

constexpr const char* wire_tty = "/dev/ttyS1";

struct Mount {
  const char* type;
  const char* target;
};
constexpr Mount mounts[] = {{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}};

/// Where everything ends that cannot go on.
[[noreturn]] void stay() {
  for (;;) ::pause();
}

/// Into the kernel's log, which is all there is before the wire works.
void complain(const std::string& what) {
  if (auto fd = open_file("/dev/kmsg", O_WRONLY))
    (void)write_all(fd->get(), "<3>quiesce-agent: " + what + "\n");
}

void set_up_process() {
  std::set_terminate([] { stay(); });
  ::signal(SIGPIPE, SIG_IGN);
  ::reboot(RB_DISABLE_CAD);
  for (const Mount& mount : mounts) {
    ::mkdir(mount.target, 0755);
    ::mount(mount.type, mount.target, mount.type, 0, nullptr);  // EBUSY: it is there already
  }
  ::setenv("PATH", "/sbin:/bin:/usr/sbin:/usr/bin", 1);
}

std::unique_ptr<Link> open_link() {
  constexpr Seconds patience(30);
  Result<std::unique_ptr<Link>> link = Link::open(wire_tty);
  poll_until<bool>(patience, [&] {
    if (!link) link = Link::open(wire_tty);
    return link.has_value();
  });
  if (link) return *std::move(link);
  complain(link.error().describe());
  stay();
}

/// Children of others that died become ours. Only between requests: a request waits for its own
/// children.
void reap() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

void serve_for_ever() {
  const std::unique_ptr<Link> link = open_link();
  link->event(record::said::Hello::name, hello());
  Agent agent{.link = *link};
  for (wire::Frame frame;;) {
    if (link->receive(frame, Seconds(1)) && frame.kind == wire::Kind::request) serve(agent, frame);
    reap();
  }
}

}  // namespace

int main() {
  if (::getpid() != 1) {
    std::fputs("quiesce-agent is the init of a guest; it does nothing elsewhere\n", stderr);
    return 2;
  }
  try {
    set_up_process();
    serve_for_ever();
  } catch (const std::exception& failure) {
    complain(failure.what());
  } catch (...) {
    complain("an exception of unknown type");
  }
  stay();
}
