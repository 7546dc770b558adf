// SPDX-License-Identifier: GPL-2.0-or-later
// A stand-in for QEMU that plays a whole run, and fails where a script says. See README.md.
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

#include "harness/base/loop.hpp"
#include "harness/base/tag.hpp"
#include "harness/base/text.hpp"
#include "harness/vm/command_line.hpp"
#include "harness/vm/gdb.hpp"
#include "harness/vm/qmp.hpp"
#include "harness/wire/frame.hpp"
#include "harness/wire/work.hpp"
#include "tests/standin/hardware.hpp"
#include "tests/standin/probe.hpp"
#include "tests/standin/script.hpp"

namespace quiesce::standin {

namespace {

using nlohmann::json;

constexpr std::uint64_t machine_kexec = 0xffffffff81000000;

/// What the agent says to a request when all is well.
json answer_to(const json& request) {
  const std::string op = request.value("op", "");
  static const std::map<std::string, json> table{
      {"describe",
       {{"crash_kernel", {{"begin", "0x8000000"}, {"end", "0xc000000"}}},
        {"symbols", {{"machine_kexec", fmt::format("{:#x}", machine_kexec)}}}}},
      {"wait-bound", {{"bound", json::array()}, {"missing", json::array()}}},
      {"font",
       {{"width", 8},
        {"height", 16},
        {"count", 1},
        {"glyphs", "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"unimap", {{32, 0}}}}},
      {"kexec-load", {{"loaded", true}, {"seconds", 0.1}, {"output", ""}}},
      {"activity-start", {{"node", "node0"}}},
      {"activity-status",
       {{"activities",
         {{{"device", "nic0"},
           {"kind", "net-receive"},
           {"state", "running"},
           {"operations", 3}}}}}},
      {"pci", {{"functions", json::array()}}},
      {"screen-text", {{"columns", 80}, {"rows", 25}, {"lines", json::array()}}},
      {"test", {{"ok", true}, {"detail", ""}, {"numbers", json::object()}}},
      {"kmsg", {{"records", 0}, {"entries", json::array()}}},
  };
  const auto found = table.find(op);
  json answer = found != table.end() ? found->second : json::object();
  if (op == "modules")
    answer = {{"loaded", request["names"]}, {"failed", json::array()}, {"seconds", 0.1}};
  answer["op"] = op;
  answer["guest"] = 1.5;
  return answer;
}

struct Net {
  std::string device;
  Fd socket;
  std::string buffer;
  Loop::Watch watch;
};

class FakeQemu {
 public:
  FakeQemu(Loop& loop, Script script, const std::vector<std::string>& argv)
      : loop_(loop), script_(std::move(script)), hardware_(argv) {
    const vm::ChildFds fds;
    qmp_ = listen(fds.qmp, [this](std::string_view bytes) { on_qmp(bytes); });
    gdb_ = listen(fds.gdb, [this](std::string_view bytes) { on_gdb(bytes); });
    qtest_ = listen(fds.qtest, [this](std::string_view bytes) { on_qtest(bytes); });
    agent_ = listen(fds.agent, [this](std::string_view bytes) { on_agent(bytes); });
    add_networks(argv);
    if (passes("qmp:greeting"))
      tell_qmp({{"QMP",
                 {{"version", {{"qemu", {{"major", 7}, {"minor", 2}, {"micro", 22}}}}},
                  {"capabilities", json::array()}}}});
  }

 private:
  /// Does what the script wants at a point. False when nothing else is to happen there.
  bool passes(const std::string& point) {
    const std::string action = script_.action_at(point);
    last_action_ = action;
    if (action.empty() || action == "twice") return true;
    if (action == "exit") {
      std::fputs((script_.text() + "\n").c_str(), stderr);
      std::_Exit(script_.exit_code());
    }
    if (action == "reset") reset();
    if (action == "mute-agent") agent_muted_ = true;
    if (action == "mute-qmp") qmp_muted_ = true;
    if (action == "mute-console") console_muted_ = true;
    if (action == "say") print(script_.text());
    if (action == "noise") (void)write_all(vm::ChildFds{}.agent, script_.text());
    if (action == "foreign") tell_foreign();
    if (action == "crash") crash();
    return action == "say" || action == "noise" || action == "mute-console" || action == "crash";
  }

  Loop::Watch listen(int fd, std::function<void(std::string_view)> sink) {
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return loop_.on_readable(fd, [fd, sink = std::move(sink)] {
      const auto bytes = read_some(fd);
      if (!bytes) std::_Exit(0);  // the harness is gone
      sink(*bytes);
    });
  }

  void add_networks(const std::vector<std::string>& argv) {
    if (!passes("net")) return;
    for (std::size_t i = 0; i + 1 < argv.size(); ++i) {
      if (argv[i] != "-netdev") continue;
      const auto netdev = json::parse(argv[i + 1]);
      const std::string id = netdev["id"];
      const int fd = std::atoi(netdev["addr"]["str"].get<std::string>().c_str());
      auto net =
          std::make_shared<Net>(Net{id.substr(0, id.rfind("-backend")), Fd::adopt(fd), {}, {}});
      net->watch =
          listen(fd, [this, raw = net.get()](std::string_view bytes) { on_net(*raw, bytes); });
      nets_.push_back(std::move(net));
    }
  }

  void tell_qmp(const json& message) {
    if (!qmp_muted_) (void)write_all(vm::ChildFds{}.qmp, message.dump() + "\r\n");
  }
  void qmp_event(const char* name, const json& data = json::object()) {
    tell_qmp(
        {{"event", name}, {"data", data}, {"timestamp", {{"seconds", 1}, {"microseconds", 2}}}});
  }
  void tell_gdb(std::string_view body) {
    (void)write_all(vm::ChildFds{}.gdb, vm::gdb_packet(body));
  }
  void print(const std::string& text) {
    if (!console_muted_) (void)write_all(vm::ChildFds{}.console, text + "\r\n");
  }
  void tell_agent_frame(wire::Kind kind, std::uint32_t sequence, const json& payload) {
    if (!agent_muted_)
      (void)write_all(
          vm::ChildFds{}.agent,
          wire::encode({.kind = kind, .sequence = sequence, .payload = payload.dump()}));
  }
  void tell_foreign() {
    std::string bytes = wire::encode({.kind = wire::Kind::event, .sequence = 0, .payload = "{}"});
    bytes[4] = static_cast<char>(wire::version + 1);
    const auto sum = crc32(std::as_bytes(std::span(bytes.data(), 16)));
    for (std::size_t i = 0; i < 4; ++i) bytes[16 + i] = static_cast<char>(sum >> (8 * i) & 0xff);
    (void)write_all(vm::ChildFds{}.agent, bytes);
  }

  // The machine.

  void halt(const char* stop_reply) {
    running_ = false;
    qmp_event("STOP");
    tell_gdb(stop_reply);
  }

  void go() {
    script_.note("continue");
    running_ = true;
    if (!booted_) {
      booted_ = true;
      boot("production");
    } else if (std::exchange(at_kexec_, false)) {
      boot("capture");
    }
    serve_agent();
  }

  void boot(const std::string& role) {
    role_ = role;
    if (!passes("boot:" + role)) return;
    print("[    0.000000] Linux version 6.1.0-standin (" + role + ")");
    if (passes("hello:" + role))
      tell_agent_frame(wire::Kind::event, 0,
                       {{"event", "hello"},
                        {"guest", 0.5},
                        {"role", role},
                        {"protocol", 1},
                        {"release", "6.1.0-standin"},
                        {"command_line", "quiesce.role=" + role}});
  }

  void crash() {
    if (!passes("panic")) return;
    print("[    9.000000] Kernel panic - not syncing: sysrq triggered crash");
    role_.clear();
    if (!passes("kexec")) return;
    // Nobody waits for it there.
    if (!breakpoint_) return boot("capture");
    at_kexec_ = true;
    script_.note("breakpoint");
    halt("T05thread:01;");
  }

  void reset() {
    halt("T03thread:01;");
    // Two sockets have no order: the stop is seen before its reason.
    late_ = loop_.every(Seconds(0.05), [this] {
      late_ = {};
      qmp_event("SHUTDOWN", {{"guest", true}, {"reason", "guest-reset"}});
    });
  }

  // gdb stub.

  void on_gdb(std::string_view bytes) {
    for (const auto& packet : gdb_reader_.feed(bytes)) {
      (void)write_all(vm::ChildFds{}.gdb, "+");
      on_gdb_packet(packet.body);
    }
  }

  void on_gdb_packet(const std::string& body) {
    if (body == "c") {
      go();
    } else if (body == "?") {
      if (passes("gdb:?")) tell_gdb("T05thread:01;");
      if (last_action_ == "twice") tell_gdb("T05thread:01;");
    } else if (body.starts_with("Z1,")) {
      if (!passes("gdb:Z1")) return tell_gdb("E22");
      script_.note("set-breakpoint");
      breakpoint_ = true;
      tell_gdb("OK");
    } else if (body.starts_with("z1,")) {
      script_.note("clear-breakpoint");
      breakpoint_ = false;
      tell_gdb("OK");
    } else {
      tell_gdb("");
    }
  }

  // QMP.

  void on_qmp(std::string_view bytes) {
    const auto messages = qmp_reader_.feed(bytes);
    if (!messages) std::_Exit(3);
    for (const auto& message : *messages) {
      const std::string command = message.value("execute", "");
      if (!passes("qmp:" + command) || qmp_muted_) continue;
      json reply = execute(command, message.value("arguments", json::object()));
      if (message.contains("id")) reply["id"] = message["id"];
      tell_qmp(reply);
    }
  }

  json execute(const std::string& command, const json& arguments) {
    json value = json::object();
    if (command == "quit") {
      script_.note("quit");
      std::_Exit(0);
    } else if (command == "stop") {
      script_.note("stop");
      if (running_) halt("T02thread:01;");
    } else if (command == "human-monitor-command") {
      value = monitor(arguments.value("command-line", ""));
    } else if (command == "screendump") {
      (void)replace_picture(arguments.value("filename", ""));
    } else if (command == "send-key") {
      press(arguments.at("keys"));
    } else if (command == "inject-nmi") {
      crash();
    } else if (command != "qmp_capabilities" && command != "input-send-event") {
      return {{"error", {{"class", "CommandNotFound"}, {"desc", "no " + command}}}};
    }
    return {{"return", value}};
  }

  std::string monitor(const std::string& line) {
    if (line.starts_with("gva2gpa")) return "gpa: 0x2000\r\n";
    if (line != "info registers -a") return "unknown command\r\n";
    script_.note("registers");
    const auto cpu = [](int index, std::uint64_t rip, int halted) {
      return fmt::format(
          "\r\nCPU#{}\r\nRAX=0 RSP=ffffc900000{}3e00\r\n"
          "RIP={:016x} RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT={}\r\n",
          index, index, rip, halted);
    };
    return cpu(0, at_kexec_ ? machine_kexec : machine_kexec + 0x1000, 0) +
           cpu(1, machine_kexec + 0x2000, 1);
  }

  static Result<void> replace_picture(const std::string& path) {
    TRY_ASSIGN(const Fd file, open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
    return write_all(file.get(), "P6\n8 16\n255\n" + std::string(std::size_t{8} * 16 * 3, '\0'));
  }

  void press(const json& keys) {
    const std::string text = keys.dump();
    const auto has = [&](const char* key) {
      return text.find(fmt::format("\"{}\"", key)) != std::string::npos;
    };
    if (has("sysrq") && has("c")) {
      crash();
    } else if (has("sysrq") && has("h")) {
      if (passes("key:h")) print("sysrq: HELP : loglevel(0-9) reboot(b) crash(c)");
    } else if (has("q")) {
      tell_agent_frame(wire::Kind::event, 9, {{"event", "key"}, {"guest", 2}, {"text", "q"}});
    }
  }

  // qtest.

  void on_qtest(std::string_view bytes) {
    qtest_buffer_ += bytes;
    for (auto end = qtest_buffer_.find('\n'); end != std::string::npos;
         end = qtest_buffer_.find('\n')) {
      const std::string line = qtest_buffer_.substr(0, end);
      qtest_buffer_.erase(0, end + 1);
      script_.note(running_ ? "peek-while-running" : "peek");
      (void)write_all(vm::ChildFds{}.qtest, hardware_.qtest(line) + "\n");
    }
  }

  // Agent.

  void on_agent(std::string_view bytes) {
    decoder_.feed(bytes);
    serve_agent();
  }

  /// A stopped guest hears nothing.
  void serve_agent() {
    for (wire::Frame frame; running_ && decoder_.next(frame);) {
      const json request = json::parse(frame.payload);
      const std::string op = request.value("op", "");
      if (role_.empty()) continue;
      if (!passes("agent:" + role_ + ":" + op)) {
        if (last_action_ == "answer") {
          json answer = json::parse(script_.text());
          answer["op"] = op;
          answer["guest"] = 1.5;
          tell_agent_frame(wire::Kind::response, frame.sequence, answer);
        }
        if (last_action_ == "error")
          tell_agent_frame(wire::Kind::response, frame.sequence,
                           {{"op", op},
                            {"guest", 1.5},
                            {"error", {{"code", "unsupported"}, {"message", script_.text()}}}});
        continue;
      }
      act_on(op, request);
      if (op != "panic") tell_agent_frame(wire::Kind::response, frame.sequence, answer_to(request));
    }
  }

  void act_on(const std::string& op, const json& request) {
    if (op == "panic") crash();
    if (op == "write-console" && request.value("device", "") == "/dev/ttyS0")
      print(request.value("text", ""));
    // The driver of the capture kernel resets the device.
    if (op == "modules" && role_ == "capture") receiving_ = false;
    if (op == "test" && request.value("kind", "") == "net-echo")
      echo(request.value("device", ""), request.value("seed", 0U));
  }

  // Network.

  void on_net(Net& net, std::string_view bytes) {
    net.buffer += bytes;
    while (net.buffer.size() >= 4) {
      std::size_t length = 0;
      for (std::size_t i = 0; i < 4; ++i)
        length = length << 8 | static_cast<unsigned char>(net.buffer[i]);
      if (net.buffer.size() < 4 + length) return;
      if (running_ && receiving_) hardware_.receive(net.buffer.substr(4 + 14, length - 14));
      net.buffer.erase(0, 4 + length);
    }
  }

  void echo(const std::string& device, std::uint32_t seed) {
    std::vector<std::byte> frame(wire::usual_frame);
    fill_tagged(std::span(frame).subspan(14),
                {.kind = TagKind::guest_frame, .device = device, .seed = seed});
    std::string bytes{'\0', '\0', static_cast<char>(frame.size() >> 8),
                      static_cast<char>(frame.size())};
    bytes.append(reinterpret_cast<const char*>(frame.data()), frame.size());
    for (const auto& net : nets_)
      if (net->device == device) (void)write_all(net->socket.get(), bytes);
  }

  Loop& loop_;
  Script script_;
  Hardware hardware_;
  std::string last_action_;
  vm::QmpReader qmp_reader_;
  vm::GdbReader gdb_reader_;
  std::string qtest_buffer_;
  wire::Decoder decoder_;
  std::string role_;
  bool running_ = false;
  bool booted_ = false;
  bool breakpoint_ = false;
  bool at_kexec_ = false;
  bool receiving_ = true;
  bool agent_muted_ = false;
  bool qmp_muted_ = false;
  bool console_muted_ = false;
  std::vector<std::shared_ptr<Net>> nets_;
  Loop::Watch late_;
  Loop::Watch qmp_;
  Loop::Watch gdb_;
  Loop::Watch qtest_;
  Loop::Watch agent_;
};

}  // namespace

}  // namespace quiesce::standin

int main(int count, char** arguments) {
  using namespace quiesce;
  const std::vector<std::string> argv(arguments, arguments + count);
  auto script = standin::Script::load();
  if (standin::is_probe(argv)) return standin::answer_probe(std::move(script), argv);
  if (script.action_at("start") == "exit") {
    std::fprintf(stderr, "%s\n", script.text().c_str());
    return script.exit_code();
  }
  Loop loop;
  const standin::FakeQemu qemu(loop, std::move(script), argv);
  for (;;) loop.run_until([] { return false; }, loop.now() + Seconds(3600));
}
