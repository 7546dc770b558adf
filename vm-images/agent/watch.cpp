// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/watch.hpp"

#include <libudev.h>
#include <poll.h>

#include "vm-images/agent/sysfs.hpp"

#include <cmath>

namespace quiesce::agent {

namespace {

using Udev = std::unique_ptr<udev, decltype(&udev_unref)>;
using Monitor = std::unique_ptr<udev_monitor, decltype(&udev_monitor_unref)>;
using Device = std::unique_ptr<udev_device, decltype(&udev_device_unref)>;

std::string text(const char* maybe) {
  return maybe != nullptr ? maybe : "";
}

/// Listens to the kernel itself: no udevd runs in an initramfs.
Monitor open_monitor(udev* context) {
  Monitor monitor(udev_monitor_new_from_netlink(context, "kernel"), udev_monitor_unref);
  constexpr int buffer = 4 << 20;
  if (!monitor) return monitor;
  udev_monitor_set_receive_buffer_size(monitor.get(), buffer);
  if (udev_monitor_enable_receiving(monitor.get()) < 0) monitor.reset();
  return monitor;
}

record::said::Udev as_record(udev_device* device) {
  return {.action = text(udev_device_get_action(device)),
          .subsystem = text(udev_device_get_subsystem(device)),
          .path = text(udev_device_get_devpath(device)),
          .driver = text(udev_device_get_driver(device))};
}

}  // namespace

void Watch::begin() {
  const std::lock_guard lock(mutex_);
  since_ = guest_seconds();
  if (listening_) return;
  listening_ = true;
  remember_bound();
  listen();
}

void Watch::remember_bound() {
  for (const PciAddress address : pci_functions())
    if (const std::string driver = driver_of(address); !driver.empty())
      bound_[to_string(address)] = driver;
}

void Watch::listen() {
  auto context = std::make_shared<Udev>(udev_new(), udev_unref);
  if (!*context) return link_.log("libudev cannot be set up");
  auto monitor = std::make_shared<Monitor>(open_monitor(context->get()));
  if (!*monitor) return link_.log("the kernel's device events cannot be received");
  std::thread([this, context, monitor] {
    pollfd wait{.fd = udev_monitor_get_fd(monitor->get()), .events = POLLIN, .revents = 0};
    for (;;) {
      ::poll(&wait, 1, -1);
      const Device device(udev_monitor_receive_device(monitor->get()), udev_device_unref);
      if (!device) continue;
      const auto event = as_record(device.get());
      if (event.subsystem == "module") continue;  // the module event says more
      link_.event(event);
      if (event.action == "bind" && event.subsystem == "pci")
        announce(text(udev_device_get_sysname(device.get())), event.driver);
    }
  }).detach();
}

void Watch::announce(const std::string& address, const std::string& driver) {
  double since = 0;
  {
    const std::lock_guard lock(mutex_);
    if (driver.empty() || !bound_.emplace(address, driver).second) return;
    since = since_;
  }
  link_.event(record::said::Bound{
      .address = address, .driver = driver, .ms = std::floor((guest_seconds() - since) * 1000)});
}

void Watch::catch_up() {
  for (const PciAddress address : pci_functions()) announce(to_string(address), driver_of(address));
}

Result<Json> wait_bound(Watch& watch, const Request& request) {
  TRY_ASSIGN(const auto names, request.texts(&ask::WaitBound::addresses));
  TRY_ASSIGN(const double seconds, request.number(&ask::WaitBound::seconds, 30, 0, 3600));
  std::vector<PciAddress> addresses;
  for (const std::string& name : names) {
    const auto address = parse_pci_address(name);
    if (!address) return fail(Errc::invalid_input, "{} is no PCI address", name);
    addresses.push_back(*address);
  }
  answer::WaitBound told;
  poll_until<bool>(Seconds(seconds), [&] {
    told = {};
    for (const PciAddress address : addresses) {
      const std::string driver = driver_of(address);
      if (driver.empty())
        told.missing.push_back(to_string(address));
      else
        told.bound.push_back({to_string(address), driver});
    }
    return told.missing.empty();
  });
  watch.catch_up();
  return record::as_json(told);
}

}  // namespace quiesce::agent
