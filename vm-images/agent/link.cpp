// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/link.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmath>
#include <ctime>

namespace quiesce::agent {

double guest_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + std::round(static_cast<double>(now.tv_nsec) / 1e3) / 1e6;
}

std::string error_word(Errc code) {
  return code == Errc::invalid_input ? "bad-request" : to_string(code);
}

Result<std::unique_ptr<Link>> Link::open(const std::filesystem::path& tty) {
  // O_NONBLOCK: a harness that reads no more must not hold up the agent for ever.
  TRY_ASSIGN(Fd fd, open_file(tty, O_RDWR | O_NOCTTY | O_NONBLOCK));
  termios settings{};
  if (::tcgetattr(fd.get(), &settings) != 0) return fail_errno("cannot ask " + tty.string());
  ::cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cflag &= ~CRTSCTS;
  ::cfsetspeed(&settings, B115200);
  if (::tcsetattr(fd.get(), TCSANOW, &settings) != 0)
    return fail_errno("cannot set " + tty.string());
  return std::unique_ptr<Link>(new Link(std::move(fd)));
}

bool Link::receive(wire::Frame& frame, Seconds patience) {
  if (decoder_.next(frame)) return true;
  pollfd wait{.fd = tty_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, static_cast<int>(patience.count() * 1000)) <= 0) return false;
  const auto bytes = read_some(tty_.get());
  if (!bytes) {
    ::poll(nullptr, 0, 100);  // a line that fails at once would keep this thread spinning
    return false;
  }
  decoder_.feed(*bytes);
  return decoder_.next(frame);
}

void Link::send(wire::Kind kind, std::uint32_t sequence, const Json& fields) {
  wire::Frame frame{.kind = kind,
                    .sequence = sequence,
                    .payload = fields.dump(-1, ' ', false, Json::error_handler_t::replace)};
  if (frame.payload.size() > wire::longest_payload) {
    Json cut = {{record::key_of(&record::PayloadHead::guest), guest_seconds()}};
    for (const char* key :
         {record::key_of(&record::PayloadHead::op), record::key_of(&record::PayloadHead::event)})
      if (fields.contains(key)) cut[key] = fields[key];
    cut[record::key_of(&record::PayloadHead::error)] =
        record::as_json(record::AgentError{"too-long", "the message does not fit into a frame"});
    frame.payload = cut.dump();
  }
  const std::lock_guard lock(sending_);
  if (kind == wire::Kind::event) frame.sequence = events_++;
  (void)write_all(tty_.get(), wire::encode(frame));
}

void Link::event(const char* name, Json fields) {
  fields[record::key_of(&record::PayloadHead::event)] = name;
  fields[record::key_of(&record::PayloadHead::guest)] = guest_seconds();
  send(wire::Kind::event, 0, fields);
}

void Link::respond(std::uint32_t sequence, const std::string& op, Result<Json> answer) {
  Json fields = Json::object();
  if (answer)
    fields = *std::move(answer);
  else
    fields[record::key_of(&record::PayloadHead::error)] = record::as_json(
        record::AgentError{error_word(answer.error().code()), answer.error().describe()});
  fields[record::key_of(&record::PayloadHead::op)] = op;
  fields[record::key_of(&record::PayloadHead::guest)] = guest_seconds();
  send(wire::Kind::response, sequence, fields);
}

void Link::drain() {
  for (int turn = 0; turn < 100; ++turn) {
    int waiting = 0;
    if (::ioctl(tty_.get(), TIOCOUTQ, &waiting) != 0 || waiting == 0) return;
    ::poll(nullptr, 0, 10);
  }
}

}  // namespace quiesce::agent
