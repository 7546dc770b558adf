// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

const Shape path_shape = shape::text(0, 4000);

const Fields<BootImage>& image_fields() {
  using T = BootImage;
  const Shape sha256 = shape::text(0, 64, &sha256_form);
  static const Fields<T> fields{
      text("kernel", &T::kernel, path_shape, "As the user named it"),
      text("release", &T::release, shape::text(0, 200), "uname -r"),
      text("image", &T::image, path_shape, "bzImage").must(),
      text("initramfs", &T::initramfs, path_shape, "Initramfs").must(),
      text("image_sha256", &T::image_sha256, sha256, "SHA-256 of the image"),
      text("initramfs_sha256", &T::initramfs_sha256, sha256, "SHA-256 of the initramfs")};
  return fields;
}

Field<PlannedDevice> address_field() {
  using T = PlannedDevice;
  return value_field<T>(
             "address", "PCI address", shape::text(12, 12, &pci_address_form),
             [](T& into, const json& value) {
               into.address =
                   parse_pci_address(value.get_ref<const std::string&>()).value_or(PciAddress{});
             },
             [](const T& from) { return json(to_string(from.address)); })
      .must();
}

Field<PlannedDevice> mac_field() {
  using T = PlannedDevice;
  const auto read = [](T& into, const json& value, const std::string& place, Report& report) {
    const auto problem = shape::text(17, 17, &mac_form).wrong(value);
    if (problem && !(value.is_string() && value.get_ref<const std::string&>().empty()))
      report.add(place, *problem);
    else
      into.mac = value.get_ref<const std::string&>();
  };
  return {"mac", "MAC address of a network device",
          false, {{"type", "string"}},
          read,  [](const T& from) { return std::optional(json(from.mac)); }};
}

const Fields<PlannedDevice>& planned_device_fields() {
  using T = PlannedDevice;
  static const Fields<T> fields{
      text("name", &T::name, shape::text(1, 23, &device_name_form), "Unique name").must(),
      group("profile", &T::profile, profile_fields(), "Its profile").must(),
      free_object("activity", &T::activity, "Kind and parameters"),
      flag("busy", &T::busy, "Busy at the panic"),
      flag("driver_in_capture", &T::driver_in_capture, "Has a driver in the capture kernel"),
      address_field(),
      mac_field(),
      text("port", &T::port, shape::text(0, 28, &planned_port_name_form),
           "Root port; empty: on bus 0"),
      whole("port_slot", &T::port_slot, 0, last_slot, "Slot of the root port"),
      flag("shared", &T::shared, "A function of a device with several"),
      free_object("settings", &T::settings, "Settings of the model"),
      maybe_group("server", &T::server, server_fields(), "vfio-user server")};
  return fields;
}

}  // namespace

const Fields<RunPlan>& plan_fields() {
  using T = RunPlan;
  static const Fields<T> fields{
      constant<T>("format", shape::whole(1, 1), 1, "Version of this format").must(),
      group("scenario", &T::scenario, scenario_fields(), "The scenario, one cell").must(),
      groups("devices", &T::devices, planned_device_fields(), most_devices, "The devices, placed")
          .must(),
      group("production", &T::production, image_fields(), "The production kernel").must(),
      group("capture", &T::capture, image_fields(), "The capture kernel").must(),
      text("accel", &T::accel, shape::choice({"kvm", "tcg", ""}), "What was chosen").must(),
      text("accel_reason", &T::accel_reason, shape::prose(65536), "Why"),
      text("qemu", &T::qemu, path_shape, "The binary").must()};
  return fields;
}

}  // namespace quiesce::scenario
