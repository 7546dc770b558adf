// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/gdb.hpp"

#include <cstdlib>
#include <utility>

namespace quiesce::vm {

namespace {

constexpr std::size_t longest_packet = 1U << 20;

unsigned checksum(std::string_view body) {
  unsigned sum = 0;
  for (const char c : body) sum += static_cast<unsigned char>(c);
  return sum & 0xff;
}

/// Undoes run-length encoding: "0* " is 0 and three more. A count that cannot be is left as it
/// stands.
std::string expand(std::string_view body) {
  std::string text;
  for (std::size_t at = 0; at < body.size(); ++at) {
    if (body[at] == '*' && !text.empty() && at + 1 < body.size() && body[at + 1] >= 32 &&
        body[at + 1] <= 126) {
      text.append(static_cast<std::size_t>(body[at + 1] - 29), text.back());
      ++at;
    } else {
      text += body[at];
    }
  }
  return text;
}

bool is_stop(std::string_view reply) {
  return !reply.empty() &&
         (reply[0] == 'T' || reply[0] == 'S' || reply[0] == 'W' || reply[0] == 'X');
}

}  // namespace

std::vector<GdbReader::Packet> GdbReader::feed(std::string_view bytes) {
  pending_ += bytes;
  std::vector<Packet> packets;
  for (;;) {
    // Acknowledgements and whatever else stands before a packet are passed over.
    const std::size_t begin = pending_.find('$');
    if (begin == std::string::npos) {
      pending_.clear();
      return packets;
    }
    const std::size_t end = pending_.find('#', begin);
    if (end == std::string::npos || end + 2 >= pending_.size()) {
      pending_.erase(0, begin);
      if (pending_.size() > longest_packet) pending_.clear();
      return packets;
    }
    const std::string_view body = std::string_view(pending_).substr(begin + 1, end - begin - 1);
    const std::string sum = pending_.substr(end + 1, 2);
    char* rest = nullptr;
    const unsigned long claimed = std::strtoul(sum.c_str(), &rest, 16);
    packets.push_back({.body = expand(body),
                       .checksum_ok = rest == sum.c_str() + 2 && claimed == checksum(body)});
    pending_.erase(0, end + 3);
  }
}

std::string gdb_packet(std::string_view body) {
  return fmt::format("${}#{:02x}", body, checksum(body));
}

Gdb::Gdb(Loop& loop, Fd socket) : loop_(loop), socket_(std::move(socket)) {
  watch_ = loop_.on_readable(socket_.get(), [this] { readable(); });
}

Result<std::unique_ptr<Gdb>> Gdb::connect(Loop& loop, Fd socket, TimePoint deadline) {
  std::unique_ptr<Gdb> gdb(new Gdb(loop, std::move(socket)));
  // A fresh stub may send a stop reply nobody asked for; "?" is answered by one too: both say
  // "stopped".
  TRY_ASSIGN(const std::string state, gdb->ask("?", deadline));
  if (!is_stop(state)) return fail(Errc::protocol, "the gdb stub answered \"{}\" to ?", state);
  // If that was the unasked one, the answer to "?" is still to come, and after go() it would be
  // taken for a breakpoint's. Answers keep their order: behind this one there is none left.
  TRY(gdb->ask("qAttached", deadline));
  return gdb;
}

void Gdb::readable() {
  auto bytes = read_some(socket_.get());
  if (!bytes) {
    closed_ = bytes.error();
    watch_ = {};
    return;
  }
  for (auto& packet : reader_.feed(*bytes)) {
    // A lost answer shows as a timeout; asking again for a damaged one is left to the stub ('-').
    if (auto sent = write_all(socket_.get(), packet.checksum_ok ? "+" : "-"); !sent)
      closed_ = sent.error();
    if (!packet.checksum_ok) continue;
    if (is_stop(packet.body) && running_) {
      running_ = false;
      stop_ = packet.body;
    } else {
      replies_.push_back(std::move(packet.body));
    }
  }
}

Result<std::string> Gdb::ask(const std::string& body, TimePoint deadline) {
  if (closed_) return tl::unexpected(*closed_);
  // Answers that nobody waits for any more (a second stop reply) must not be taken for this one's.
  replies_.clear();
  TRY(write_all(socket_.get(), gdb_packet(body)));
  const bool wants_stop = body == "?";
  std::string reply;
  const auto answered = [&] {
    while (!replies_.empty()) {
      reply = std::move(replies_.front());
      replies_.pop_front();
      if (is_stop(reply) == wants_stop) return true;
    }
    return closed_.has_value();
  };
  switch (loop_.run_until(answered, deadline)) {
    case Waited::deadline:
      return fail(Errc::timeout, "the gdb stub did not answer \"{}\" in time", body);
    case Waited::stopped:
      return fail(Errc::interrupted, "interrupted while the gdb stub was asked");
    case Waited::done:
      break;
  }
  if (closed_) return tl::unexpected(closed_->because(fmt::format("gdb \"{}\" was pending", body)));
  return reply;
}

Result<void> Gdb::set_breakpoint(GuestVirt at, TimePoint deadline) {
  TRY_ASSIGN(const std::string reply, ask(fmt::format("Z1,{:x},1", at.value), deadline));
  if (reply != "OK")
    return fail(Errc::unsupported, "QEMU set no hardware breakpoint at {:#x} (answer \"{}\")",
                at.value, reply);
  return {};
}

Result<void> Gdb::clear_breakpoint(GuestVirt at, TimePoint deadline) {
  TRY_ASSIGN(const std::string reply, ask(fmt::format("z1,{:x},1", at.value), deadline));
  if (reply != "OK")
    return fail(Errc::protocol, "QEMU did not clear the breakpoint at {:#x} (answer \"{}\")",
                at.value, reply);
  return {};
}

Result<void> Gdb::go() {
  if (closed_) return tl::unexpected(*closed_);
  stop_.reset();
  replies_.clear();
  running_ = true;
  return write_all(socket_.get(), gdb_packet("c"));
}

}  // namespace quiesce::vm
