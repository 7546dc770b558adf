// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/screen.hpp"

#include <fcntl.h>
#include <linux/kd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "harness/base/text.hpp"
#include "harness/record/font.hpp"

namespace quiesce::agent {

namespace {

constexpr unsigned raw_rows = 32;  // of a glyph in KDFONTOP (linux/kd.h: vpitch is 32)
constexpr unsigned most_glyphs = 512;

struct Font {
  console_font_op op{};
  std::vector<std::byte> glyphs;
};

Result<Font> get_font(int fd) {
  Font font;
  constexpr unsigned widest = 32;
  font.glyphs.resize(std::size_t{most_glyphs} * raw_rows * widest / 8);
  font.op.op = KD_FONT_OP_GET;
  font.op.width = widest;
  font.op.height = raw_rows;
  font.op.charcount = most_glyphs;
  font.op.data = reinterpret_cast<unsigned char*>(font.glyphs.data());
  if (::ioctl(fd, KDFONTOP, &font.op) != 0) return fail_errno("the console gives no font");
  return font;
}

Result<Json> get_unimap(int fd) {
  std::vector<unipair> pairs(4096);
  unimapdesc map{.entry_ct = static_cast<unsigned short>(pairs.size()), .entries = pairs.data()};
  if (::ioctl(fd, GIO_UNIMAP, &map) != 0) {
    if (errno != ENOMEM) return fail_errno("the console gives no map of its font");
    pairs.resize(map.entry_ct);  // the kernel says how many there are
    map.entries = pairs.data();
    if (::ioctl(fd, GIO_UNIMAP, &map) != 0)
      return fail_errno("the console gives no map of its font");
  }
  Json list = Json::array();
  for (std::size_t i = 0; i < map.entry_ct && i < pairs.size(); ++i)
    list.push_back(Json::array({pairs[i].unicode, pairs[i].fontpos}));
  return list;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

/// No echo: what is typed must not change the screen that is judged.
Result<Fd> open_keyboard() {
  TRY_ASSIGN(Fd fd, open_file(console_node, O_RDONLY | O_NOCTTY | O_NONBLOCK));
  termios settings{};
  if (::tcgetattr(fd.get(), &settings) != 0) return fail_errno("cannot ask the console");
  settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  if (::tcsetattr(fd.get(), TCSANOW, &settings) != 0) return fail_errno("cannot set the console");
  return fd;
}

void send_keys(Link& link, int fd, TimePoint until) {
  while (system_clock().now() < until) {
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 100) <= 0) continue;
    const auto text = read_some(fd, 256);
    if (!text) return link.log("the keyboard: " + text.error().describe());
    if (!text->empty()) link.event(record::said::Key{printable(*text)});
  }
}

}  // namespace

Result<Json> read_font(const Request&) {
  TRY_ASSIGN(const Fd fd, open_file(console_node, O_RDWR | O_NOCTTY));
  TRY_ASSIGN(const Font font, get_font(fd.get()));
  TRY_ASSIGN(const Json unimap, get_unimap(fd.get()));
  const auto glyphs = pack_glyphs(font.glyphs, font.op.width, font.op.height, font.op.charcount);
  return record::as_json(answer::Font{.width = font.op.width,
                                      .height = font.op.height,
                                      .count = font.op.charcount,
                                      .glyphs = to_base64(glyphs),
                                      .unimap = unimap});
}

std::vector<std::byte> pack_glyphs(std::span<const std::byte> raw, unsigned width, unsigned height,
                                   unsigned count) {
  const std::size_t pitch = (width + 7) / 8;
  std::vector<std::byte> packed;
  for (std::size_t glyph = 0; glyph < count; ++glyph) {
    const std::size_t begin = glyph * raw_rows * pitch;
    const std::size_t size = std::min(height, raw_rows) * pitch;
    if (begin + size > raw.size()) break;
    const auto rows = raw.subspan(begin, size);
    packed.insert(packed.end(), rows.begin(), rows.end());
  }
  return packed;
}

std::string cells_to_utf8(std::span<const std::uint32_t> cells) {
  std::string text;
  for (const std::uint32_t cell : cells) append_utf8(text, cell == 0 ? ' ' : cell);
  return text;
}

Result<Json> read_screen(const Request&) {
  TRY_ASSIGN(const Fd tty, open_file(console_node, O_RDWR | O_NOCTTY));
  winsize size{};
  if (::ioctl(tty.get(), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return fail_errno("cannot ask for the size of the screen");
  TRY_ASSIGN(const std::string bytes, read_file("/dev/vcsu1", 16U << 20));
  std::vector<std::uint32_t> cells(bytes.size() / 4);
  std::memcpy(cells.data(), bytes.data(), cells.size() * 4);
  record::ScreenTruth screen{.columns = size.ws_col, .rows = std::nullopt, .lines = {}};
  for (std::size_t at = 0; at + size.ws_col <= cells.size(); at += size.ws_col)
    screen.lines.emplace_back(cells_to_utf8(std::span(cells).subspan(at, size.ws_col)));
  screen.rows = screen.lines.size();
  return record::as_json(screen);
}

Result<Json> write_console(const Request& request) {
  TRY_ASSIGN(const std::string device, request.text(&ask::WriteConsole::device));
  TRY_ASSIGN(const std::string text, request.text(&ask::WriteConsole::text));
  if (device != "/dev/kmsg" &&
      (!device.starts_with("/dev/tty") || device.find("..") != std::string::npos))
    return fail(Errc::invalid_input, "{} is neither a terminal nor /dev/kmsg", device);
  TRY_ASSIGN(const Fd fd, open_file(device, O_WRONLY | O_NOCTTY | O_NONBLOCK));
  TRY(write_all(fd.get(), text));
  return Json::object();
}

Result<Json> watch_keys(Link& link, const Request& request) {
  TRY_ASSIGN(const double seconds, request.number(&ask::Keys::seconds, 30, 0, 3600));
  TRY_ASSIGN(Fd fd, open_keyboard());
  auto shared = std::make_shared<Fd>(std::move(fd));
  const TimePoint until = system_clock().now() + Seconds(seconds);
  std::thread([shared, until, &link] { send_keys(link, shared->get(), until); }).detach();
  return Json::object();
}

std::vector<std::string> marker_lines(const std::string& device) {
  std::vector<std::string> lines = {"quiesce: console test of " + device};
  constexpr int first = 0x20;
  constexpr int last = 0x7e;
  constexpr int line_length = 48;
  for (int code = first; code <= last; ++code) {
    if ((code - first) % line_length == 0) lines.emplace_back("|");
    lines.back() += static_cast<char>(code);
  }
  for (std::size_t i = 1; i < lines.size(); ++i) lines[i] += '|';
  return lines;
}

}  // namespace quiesce::agent
