// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of a record's fields: one row says what a field is called, where the struct holds it, its
// unit and its meaning. Writing, reading and the documentation come from the rows.
//
// A record is a struct with `name`, `meaning` and `static Rows fields()`. A std::optional is left
// out when it is empty; a field that is missing, null or of another type keeps its default.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <string>
#include <vector>

#include "harness/record/value.hpp"

namespace quiesce::record {

/// Fields that were there and of another type, by key ("cpus[].rip").
using Wrong = std::vector<std::string>;

struct FieldType;

/// Of one field. Nothing of it depends on the record's type: all records share the code that walks
/// over rows, which else would be most of what is compiled.
struct Row {
  const char* key;
  const char* unit;     ///< "s", "bytes"; empty: none
  const char* meaning;  ///< a phrase for docs/run-directory.md
  bool always;          ///< the writer always writes it
  const FieldType* type;
  std::ptrdiff_t offset;  ///< of the member, in its struct
};
using Rows = std::vector<Row>;

/// What a record's fields() returns.
template <std::same_as<Row>... R>
Rows table(const R&... row) {
  return {row...};
}
/// Of a record that has a base.
Rows joined(Rows base, const Rows& more);

template <class R>
concept Record = requires {
  { R::fields() } -> std::same_as<Rows>;
};

/// The rows of a record, made once. Those of a base come first, and so does the base in memory.
template <Record R>
const Rows& rows_of() {
  static const Rows rows = R::fields();
  return rows;
}

/// What can be done with a field of some type, wherever it lies.
struct FieldType {
  void (*put)(Json& object, const char* key, const void* value);
  /// False when it is of another type; `key` is for `wrong`.
  bool (*get)(const Json& value, void* into, const std::string& key, Wrong* wrong);
  bool by_null;            ///< null says something
  std::string (*word)();   ///< for docs/run-directory.md
  const Rows& (*inner)();  ///< of the record or records inside, else null
  bool list;
};

Json as_json(const Rows& rows, const void* record);
bool read_into(const Json& object, const Rows& rows, void* into, Wrong* wrong);

template <Record R>
Json as_json(const R& record) {
  return as_json(rows_of<R>(), &record);
}
/// Reads what is there into `into`; false when it is no object.
template <Record R>
bool read_into(const Json& object, R& into, Wrong* wrong = nullptr) {
  return read_into(object, rows_of<R>(), &into, wrong);
}
/// What is there; defaults where nothing is.
template <Record R>
R read(const Json& object) {
  R record{};
  read_into(object, record);
  return record;
}

namespace detail {

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

void put(Json& object, const char* key, Json value);

template <class T>
void put(Json& object, const char* key, const T& value) {
  put(object, key, one(value));
}
template <class T>
void put(Json& object, const char* key, const std::optional<T>& value) {
  if (value) put(object, key, one(*value));
}
template <class T>
void put(Json& object, const char* key, const OrNull<T>& value) {
  if (value.said) put(object, key, value.value ? one(*value.value) : Json());
}

bool get_record(const Json& value, const Rows& rows, void* into, const std::string& key,
                Wrong* wrong);

template <class T>
bool get(const Json& value, T& into, const std::string& key, Wrong* wrong) {
  if constexpr (Record<T>)
    return get_record(value, rows_of<T>(), &into, key, wrong);
  else
    return take(value, into);
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
struct Inner {
  using Type = T;
  static constexpr bool list = false;
  static constexpr bool by_null = false;
};
template <class T>
struct Inner<std::vector<T>> {
  using Type = T;
  static constexpr bool list = true;
  static constexpr bool by_null = false;
};
template <class T>
struct Inner<std::optional<T>> : Inner<T> {};
template <class T>
struct Inner<OrNull<T>> : Inner<T> {
  static constexpr bool by_null = true;
};

template <class M>
constexpr FieldType type_of() {
  using Type = typename Inner<M>::Type;
  FieldType type{};
  type.put = [](Json& object, const char* key, const void* value) {
    put(object, key, *static_cast<const M*>(value));
  };
  type.get = [](const Json& value, void* into, const std::string& key, Wrong* wrong) {
    return get(value, *static_cast<M*>(into), key, wrong);
  };
  type.by_null = Inner<M>::by_null;
  type.list = Inner<M>::list;
  if constexpr (Record<Type>)
    type.inner = []() -> const Rows& { return rows_of<Type>(); };
  else
    type.word = [] { return TypeWord<Type>::word(); };
  return type;
}
template <class M>
struct TypeOf {
  static const FieldType type;
};
template <class M>
const FieldType TypeOf<M>::type = type_of<M>();

// What nearly all fields are, compiled once (fields.cpp) and not in each unit that sees a record.
#define QUIESCE_FIELD_TYPES(OF) \
  OF(bool);                     \
  OF(double);                   \
  OF(int);                      \
  OF(std::int64_t);             \
  OF(std::uint64_t);            \
  OF(std::string);              \
  OF(Address);                  \
  OF(AddressRange);             \
  OF(Words);                    \
  OF(Word);                     \
  OF(Json)
#define QUIESCE_KNOWN_TYPE(M)                      \
  extern template struct TypeOf<M>;                \
  extern template struct TypeOf<std::optional<M>>; \
  extern template struct TypeOf<OrNull<M>>;        \
  extern template struct TypeOf<std::vector<M>>
QUIESCE_FIELD_TYPES(QUIESCE_KNOWN_TYPE);
extern template struct TypeOf<std::optional<std::vector<std::string>>>;
extern template struct TypeOf<std::optional<std::vector<Json>>>;
#undef QUIESCE_KNOWN_TYPE

/// A pointer to a data member is its offset, as a ptrdiff_t (Itanium C++ ABI, 2.3.1; of every
/// compiler for Linux). The compiler makes a constant of it.
template <class R, class M>
std::ptrdiff_t offset_of(M R::*member) {
  return std::bit_cast<std::ptrdiff_t>(member);
}

const char* key_of(const Rows& rows, std::ptrdiff_t offset, const FieldType* type);

}  // namespace detail

/// A field that is always written.
template <class R, class M>
Row field(const char* key, M R::*member, const char* unit, const char* meaning) {
  return {key, unit, meaning, true, &detail::TypeOf<M>::type, detail::offset_of(member)};
}
/// A field that is written where it is known, or that older evidence lacks.
template <class R, class M>
Row maybe(const char* key, M R::*member, const char* unit, const char* meaning) {
  return {key, unit, meaning, false, &detail::TypeOf<M>::type, detail::offset_of(member)};
}

/// The key of a member, for who must look at JSON as it came: whether it is there, and of its type.
template <class R, class M>
const char* key_of(M R::*member) {
  return detail::key_of(rows_of<R>(), detail::offset_of(member), &detail::TypeOf<M>::type);
}

/// A row as documentation shows it.
struct RowText {
  std::string key;
  std::string type;
  std::string unit;
  std::string meaning;
  bool always;
};
/// All of them, those of objects inside too ("cpus[].rip").
std::vector<RowText> texts_of(const Rows& rows);

}  // namespace quiesce::record
