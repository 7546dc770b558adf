// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of a record's fields: one row says what a field is called, where the struct holds it, its
// unit and its meaning. Writing, reading and the documentation come from the rows.
//
// A record is a struct with `name`, `meaning` and `static constexpr auto fields()`, a tuple of
// rows. A std::optional is left out when it is empty; a field that is missing, null or of another
// type keeps its default.
#pragma once

#include <array>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "harness/record/value.hpp"

namespace quiesce::record {

template <class R, class M>
struct Row {
  const char* key;
  M R::*member;
  const char* unit;     ///< "s", "bytes"; empty: none
  const char* meaning;  ///< a phrase for docs/run-directory.md
  bool always;          ///< the writer always writes it
};

/// A field that is always written.
template <class R, class M>
constexpr Row<R, M> field(const char* key, M R::*member, const char* unit, const char* meaning) {
  return {key, member, unit, meaning, true};
}
/// A field that is written where it is known, or that older evidence lacks.
template <class R, class M>
constexpr Row<R, M> maybe(const char* key, M R::*member, const char* unit, const char* meaning) {
  return {key, member, unit, meaning, false};
}

template <class R>
concept Record = requires {
  R::fields();
};

/// Fields that were there and of another type, by key ("cpus[].rip").
using Wrong = std::vector<std::string>;

template <Record R>
Json as_json(const R& record);
/// Reads what is there into `into`; false when it is no object.
template <Record R>
bool read_into(const Json& object, R& into, Wrong* wrong = nullptr);

namespace detail {

template <class T>
void put(Json& object, const char* key, const T& value);
template <class T>
bool get(const Json& value, T& into, const std::string& key, Wrong* wrong);

template <class T>
Json one(const T& value) {
  if constexpr (Record<T>)
    return as_json(value);
  else
    return written(value);
}
template <class T>
Json one(const std::vector<T>& list) {
  Json array = Json::array();
  for (const T& item : list) array.push_back(one(item));
  return array;
}

template <class T>
void put(Json& object, const char* key, const T& value) {
  object[key] = one(value);
}
template <class T>
void put(Json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = one(*value);
}
template <class T>
void put(Json& object, const char* key, const OrNull<T>& value) {
  if (value.said) object[key] = value.value ? one(*value.value) : Json();
}

template <class T>
bool get(const Json& value, T& into, const std::string& key, Wrong* wrong) {
  if constexpr (Record<T>) {
    if (!value.is_object()) return false;
    Wrong inner;
    read_into(value, into, &inner);
    if (wrong != nullptr)
      for (const auto& each : inner) wrong->push_back(std::string(key).append(".").append(each));
    return true;
  } else {
    return take(value, into);
  }
}
template <class T>
bool get(const Json& value, std::vector<T>& into, const std::string& key, Wrong* wrong) {
  if (!value.is_array()) return false;
  into.clear();
  bool all = true;
  for (const Json& item : value) {
    T read{};
    if (get(item, read, key + "[]", wrong))
      into.push_back(std::move(read));
    else
      all = false;
  }
  return all;
}
template <class T>
bool get(const Json& value, std::optional<T>& into, const std::string& key, Wrong* wrong) {
  T read{};
  if (!get(value, read, key, wrong)) return false;
  into = std::move(read);
  return true;
}
template <class T>
bool get(const Json& value, OrNull<T>& into, const std::string& key, Wrong* wrong) {
  into.said = true;
  return value.is_null() || get(value, into.value, key, wrong);
}

template <class T>
constexpr bool tells_by_null = false;
template <class T>
constexpr bool tells_by_null<OrNull<T>> = true;

template <class T, class R, class M>
void read_row(const Json& object, T& into, const Row<R, M>& row, Wrong* wrong) {
  const auto found = object.find(row.key);
  // Null is how a writer says that it does not know.
  if (found == object.end() || (found->is_null() && !tells_by_null<M>)) return;
  if (!get(*found, into.*row.member, row.key, wrong) && wrong != nullptr) wrong->push_back(row.key);
}

}  // namespace detail

template <Record R>
Json as_json(const R& record) {
  Json object = Json::object();
  std::apply([&](const auto&... row) { (detail::put(object, row.key, record.*row.member), ...); },
             R::fields());
  return object;
}

template <Record R>
bool read_into(const Json& object, R& into, Wrong* wrong) {
  if (!object.is_object()) return false;
  std::apply([&](const auto&... row) { (detail::read_row(object, into, row, wrong), ...); },
             R::fields());
  return true;
}

/// What is there; defaults where nothing is.
template <Record R>
R read(const Json& object) {
  R record{};
  read_into(object, record);
  return record;
}

namespace detail {

template <class R, class M, class N>
constexpr bool is_row_of(const Row<R, M>& row, N R::*member) {
  if constexpr (std::is_same_v<M, N>)
    return row.member == member;
  else
    return false;
}

}  // namespace detail

/// The key of a member, for who must look at JSON as it came: whether it is there, and of its type.
template <class R, class M>
constexpr const char* key_of(M R::*member) {
  const char* key = nullptr;
  std::apply(
      [&](const auto&... row) {
        ((detail::is_row_of(row, member) ? void(key = row.key) : void()), ...);
      },
      R::fields());
  return key;
}

/// A row as documentation shows it.
struct RowText {
  std::string key;
  std::string type;
  std::string unit;
  std::string meaning;
  bool always;
};

namespace detail {

template <class T>
struct Inner {
  using Type = T;
  static constexpr bool list = false;
};
template <class T>
struct Inner<std::vector<T>> {
  using Type = T;
  static constexpr bool list = true;
};
template <class T>
struct Inner<std::optional<T>> : Inner<T> {};
template <class T>
struct Inner<OrNull<T>> : Inner<T> {};

template <Record R>
void add_rows(std::vector<RowText>& rows, const std::string& before);

template <class R, class M>
void add_row(std::vector<RowText>& rows, const std::string& before, const Row<R, M>& row) {
  using Kind = Inner<M>;
  const std::string key = before + row.key;
  std::string type;
  if constexpr (Record<typename Kind::Type>)
    type = Kind::list ? "list of objects" : "object";
  else
    type = (Kind::list ? "list: " : "") + TypeWord<typename Kind::Type>::word();
  if (tells_by_null<M>) type += " or null";
  rows.push_back({key, type, row.unit, row.meaning, row.always});
  if constexpr (Record<typename Kind::Type>)
    add_rows<typename Kind::Type>(rows, key + (Kind::list ? "[]." : "."));
}

template <Record R>
void add_rows(std::vector<RowText>& rows, const std::string& before) {
  std::apply([&](const auto&... row) { (add_row(rows, before, row), ...); }, R::fields());
}

}  // namespace detail

/// All rows, those of objects inside it too ("cpus[].rip").
template <Record R>
std::vector<RowText> rows_of() {
  std::vector<RowText> rows;
  detail::add_rows<R>(rows, "");
  return rows;
}

}  // namespace quiesce::record
