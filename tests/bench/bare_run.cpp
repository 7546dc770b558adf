// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/bare_run.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>

#include "harness/base/loop.hpp"
#include "harness/base/process.hpp"
#include "harness/run/agent_link.hpp"
#include "harness/run/disks.hpp"
#include "harness/run/feeder.hpp"
#include "harness/vm/command_line.hpp"
#include "harness/vm/qmp.hpp"

namespace quiesce::bench {

using nlohmann::json;

namespace {

constexpr Seconds patience{300};
// As the harness reads its serial ports: QEMU writes them byte by byte.
constexpr Seconds serial_lull{0.003};

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Options of the run's command line that only watch; each has a value.
constexpr std::array<std::string_view, 6> watching{"-gdb", "-qtest", "-qtest-log",
                                                   "-D",   "-trace", "-msg"};

/// What an option's value becomes; nullopt when option and value go.
std::optional<std::string> bare_value(std::string_view option, std::string value,
                                      const std::filesystem::path& folder) {
  if (std::ranges::find(watching, option) != watching.end()) return std::nullopt;
  if (option == "-object" && value.find("\"ram\"") != std::string::npos) return std::nullopt;
  if (option == "-chardev" && value.find("id=gdb,") != std::string::npos) return std::nullopt;
  if (option == "-chardev" && value.find("id=qtest,") != std::string::npos) return std::nullopt;
  if (option == "-chardev" && value.find("id=console,") != std::string::npos)
    return "file,id=console,path=" + (folder / "serial.log").string();
  if (option == "-machine") return value.substr(0, value.find(",memory-backend"));
  return value;
}

std::vector<std::string> bare_arguments(const std::vector<std::string>& argv,
                                        const std::filesystem::path& folder) {
  std::vector<std::string> bare{argv.front()};
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (argv[i] == "-S") continue;
    const bool has_value = i + 1 < argv.size() && argv[i + 1].front() != '-';
    if (!has_value) {
      bare.push_back(argv[i]);
      continue;
    }
    if (auto value = bare_value(argv[i], argv[i + 1], folder)) {
      bare.push_back(argv[i]);
      bare.push_back(std::move(*value));
    }
    ++i;
  }
  return bare;
}

class Bare {
 public:
  Bare(const Recording& recording, run::RunDir dir)
      : recording_(recording),
        dir_(std::move(dir)),
        agent_(
            [this](std::string_view bytes) { return write_all(agent_socket_->get(), bytes); },
            [this](const char* kind, std::uint32_t, const json& payload) { note(kind, payload); }),
        feeder_(
            loop_, dir_,
            [this](const std::string& device, std::string_view frame) {
              return send_frame(device, frame);
            },
            [this](const std::string&, int x, int y) { return move_pointer(x, y); }) {}

  Result<BareRun> run() {
    const double cpu = own_cpu_seconds();
    const TimePoint begin = loop_.now();
    point("begin");
    TRY(start());
    TRY(until("the production kernel's agent", [this] { return agent_.hello("production"); }));
    for (const auto& request : recording_.requests) TRY(replay(request));
    BareRun result{.qemu_cpu_s = process_->cpu_seconds()};
    qmp_->quit();
    if (!process_->wait(Seconds(10))) return fail(Errc::timeout, "QEMU did not end");
    point("end");
    result.seconds = (loop_.now() - begin).count();
    result.driver_cpu_s = own_cpu_seconds() - cpu;
    result.points = std::move(points_);
    return result;
  }

 private:
  void point(std::string name) { points_.push_back({dir_.now(), std::move(name)}); }

  void note(const std::string& kind, const json& payload) {
    const auto event = payload.find("event");
    if (event != payload.end() && *event == "key") key_came_ = true;
    if (event != payload.end() && *event == "hello" && agent_.hello("production") != nullptr)
      role_ = "capture";
    if (std::string name = message_point(kind, role_, payload, last_test_); !name.empty())
      point(std::move(name));
  }

  Result<void> start() {
    TRY_ASSIGN(disks_, run::make_disks(recording_.plan));
    const vm::ChildFds numbers;
    const auto line = vm::command_line(recording_.plan, dir_.path(), {}, numbers);
    TRY_ASSIGN(const Fd log, open_file(dir_.path() / "qemu.log", O_WRONLY | O_CREAT | O_APPEND));
    ProcessOptions options{.argv = bare_arguments(line.argv, dir_.path()),
                           .inherit = {},
                           .output = log.get(),
                           .error = log.get(),
                           .set_environment = {}};
    std::vector<Fd> theirs;
    const auto open_pair = [&](int number) -> Result<Fd> {
      TRY_ASSIGN(SocketPair pair, socket_pair());
      options.inherit[number] = pair.theirs.get();
      theirs.push_back(std::move(pair.theirs));
      return std::move(pair.mine);
    };
    TRY_ASSIGN(Fd qmp, open_pair(numbers.qmp));
    TRY_ASSIGN(Fd agent, open_pair(numbers.agent));
    agent_socket_ = std::make_unique<Fd>(std::move(agent));
    for (const auto& [device, number] : line.backends) {
      if (const auto disk = disks_.find(device); disk != disks_.end()) {
        options.inherit[number] = disk->second.get();
        continue;
      }
      TRY_ASSIGN(Fd net, open_pair(number));
      nets_.emplace(device, std::move(net));
    }
    TRY_ASSIGN(process_, Process::start(options));
    theirs.clear();
    listen();
    TRY_ASSIGN(qmp_, vm::Qmp::connect(
                         loop_, std::move(qmp), [](const std::string&, const json&) {},
                         loop_.now() + Seconds(20)));
    return {};
  }

  void listen() {
    const auto drop = [](std::string_view) {};
    listen(agent_socket_->get(), [this](std::string_view bytes) { agent_.feed(bytes); });
    for (const auto& [device, socket] : nets_) listen(socket.get(), drop);
    watches_.push_back(loop_.on_readable(
        process_->pidfd(), [this] { gone_ = true; }, Seconds(1)));
  }

  void listen(int fd, std::function<void(std::string_view)> sink) {
    watches_.push_back(loop_.on_readable(
        fd,
        [fd, sink = std::move(sink)] {
          if (const auto bytes = read_some(fd)) sink(*bytes);
        },
        serial_lull));
  }

  template <class Done>
  Result<void> until(const std::string& what, Done done) {
    loop_.run_until([&] { return done() || gone_; }, loop_.now() + patience);
    if (done()) return {};
    return fail(Errc::timeout, "the bare run got stuck waiting for {}", what);
  }

  void linger(Seconds time) {
    loop_.run_until([] { return false; }, loop_.now() + time);
  }

  Result<void> replay(const Request& request) {
    if (only_looks(request.op)) return {};
    if (request.op == "panic") return panic(request);
    if (request.op == "activity-start" && !feeding_) {
      feeding_ = true;
      feeder_.start(recording_.plan.devices, recording_.plan.scenario.seed);
    }
    if (request.role == "capture" && !window_over_) {
      window_over_ = true;
      linger(recording_.plan.scenario.steps.window);
    }
    const Loop::Watch frames = frames_for(request);
    TRY_ASSIGN(const std::uint32_t sequence, agent_.ask(request.op, request.parameters));
    std::optional<json> answer;
    TRY(until(request.op, [&] {
      if (!answer) answer = agent_.answer(sequence);
      return answer.has_value();
    }));
    return request.op == "keys" ? press_key() : Result<void>();
  }

  /// A test that counts frames is fed as fast as the run feeds it.
  Loop::Watch frames_for(const Request& request) {
    for (const auto& device : recording_.plan.devices)
      if (request.parameters.value("kind", "") == "net-echo" &&
          request.parameters.value("device", "") == device.name)
        return feeder_.hasten(device, recording_.plan.scenario.seed);
    return {};
  }

  Result<void> panic(const Request& request) {
    linger(recording_.plan.scenario.panic.busy);
    TRY(agent_.ask(request.op, request.parameters));
    return until("the capture kernel's agent", [this] { return agent_.hello("capture"); });
  }

  Result<void> press_key() {
    TRY(qmp_->post("send-key", {{"keys", {{{"type", "qcode"}, {"data", "q"}}}}}));
    return until("a key", [this] { return key_came_; });
  }

  Result<void> send_frame(const std::string& device, std::string_view frame) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes += static_cast<char>(frame.size() >> shift & 0xff);
    bytes += frame;
    return write_all(nets_.at(device).get(), bytes);
  }

  Result<void> move_pointer(int x, int y) {
    const auto axis = [](const char* name, int value) {
      return json{{"type", "abs"}, {"data", {{"axis", name}, {"value", value}}}};
    };
    return qmp_->post("input-send-event", {{"events", json::array({axis("x", x), axis("y", y)})}});
  }

  const Recording& recording_;
  Loop loop_;
  run::RunDir dir_;
  std::vector<Point> points_;
  std::string role_ = "production";
  std::string last_test_;
  std::map<std::string, Fd> disks_;
  std::map<std::string, Fd> nets_;
  std::unique_ptr<Fd> agent_socket_;
  run::AgentLink agent_;
  run::Feeder feeder_;
  std::optional<Process> process_;
  std::unique_ptr<vm::Qmp> qmp_;
  std::vector<Loop::Watch> watches_;
  bool gone_ = false;
  bool feeding_ = false;
  bool window_over_ = false;
  bool key_came_ = false;
};

}  // namespace

Result<BareRun> run_bare(const Recording& recording, const std::filesystem::path& folder) {
  TRY_ASSIGN(run::RunDir dir, run::RunDir::create(folder, system_clock()));
  return Bare(recording, std::move(dir)).run();
}

}  // namespace quiesce::bench
