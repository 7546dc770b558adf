// SPDX-License-Identifier: GPL-2.0-or-later
// What most sources of the harness include of libraries, compiled once for all of them: these
// headers cost more than our own lines. No file may rely on it; each includes what it uses.

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>
