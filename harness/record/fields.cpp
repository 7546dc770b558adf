// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/fields.hpp"

#include <algorithm>

namespace quiesce::record {

namespace {

const void* member_of(const void* record, const Row& row) {
  return static_cast<const std::byte*>(record) + row.offset;
}

void* member_of(void* record, const Row& row) {
  return static_cast<std::byte*>(record) + row.offset;
}

void add_texts(std::vector<RowText>& texts, const std::string& before, const Rows& rows) {
  for (const Row& row : rows) {
    const FieldType& type = *row.type;
    const std::string key = before + row.key;
    std::string word;
    if (type.inner != nullptr)
      word = type.list ? "list of objects" : "object";
    else
      word = (type.list ? "list: " : "") + type.word();
    if (type.by_null) word += " or null";
    texts.push_back({key, word, row.unit, row.meaning, row.always});
    if (type.inner != nullptr) add_texts(texts, key + (type.list ? "[]." : "."), type.inner());
  }
}

}  // namespace

Rows joined(Rows base, const Rows& more) {
  base.insert(base.end(), more.begin(), more.end());
  return base;
}

Json as_json(const Rows& rows, const void* record) {
  Json object = Json::object();
  for (const Row& row : rows) row.type->put(object, row.key, member_of(record, row));
  return object;
}

bool read_into(const Json& object, const Rows& rows, void* into, Wrong* wrong) {
  if (!object.is_object()) return false;
  for (const Row& row : rows) {
    const auto found = object.find(row.key);
    // Null is how a writer says that it does not know.
    if (found == object.end() || (found->is_null() && !row.type->by_null)) continue;
    if (!row.type->get(*found, member_of(into, row), row.key, wrong) && wrong != nullptr)
      wrong->emplace_back(row.key);
  }
  return true;
}

std::vector<RowText> texts_of(const Rows& rows) {
  std::vector<RowText> texts;
  add_texts(texts, "", rows);
  return texts;
}

namespace detail {

#define QUIESCE_COMPILE_TYPE(M)             \
  template struct TypeOf<M>;                \
  template struct TypeOf<std::optional<M>>; \
  template struct TypeOf<OrNull<M>>;        \
  template struct TypeOf<std::vector<M>>
QUIESCE_FIELD_TYPES(QUIESCE_COMPILE_TYPE);
#undef QUIESCE_COMPILE_TYPE
template struct TypeOf<std::optional<std::vector<std::string>>>;
template struct TypeOf<std::optional<std::vector<Json>>>;

void put(Json& object, const char* key, Json value) {
  object[key] = std::move(value);
}

bool get_record(const Json& value, const Rows& rows, void* into, const std::string& key,
                Wrong* wrong) {
  Wrong inner;
  if (!read_into(value, rows, into, &inner)) return false;
  if (wrong != nullptr)
    for (const auto& each : inner) wrong->emplace_back(key).append(1, '.').append(each);
  return true;
}

const char* key_of(const Rows& rows, std::ptrdiff_t offset, const FieldType* type) {
  const auto found = std::ranges::find_if(
      rows, [&](const Row& row) { return row.offset == offset && row.type == type; });
  return found == rows.end() ? nullptr : found->key;
}

}  // namespace detail

}  // namespace quiesce::record
