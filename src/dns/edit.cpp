// Composing a response: each record is read, edited, and written with its names uncompressed or compressed
// anew.
#include "dns/edit.hpp"

#include "dns/rdata.hpp"

namespace nld::dns {
namespace {

/// Types whose (first) name in the RDATA an editor may change.
bool has_value(RRType type) noexcept {
  switch (type) {
    case RRType::CNAME:
    case RRType::DNAME:
    case RRType::NS:
    case RRType::PTR:
    case RRType::SRV:
    case RRType::MX:
    case RRType::NAPTR:
    case RRType::SOA:
      return true;
    default:
      return false;
  }
}

}  // namespace

ResponseComposer::ResponseComposer(MutableBytes buffer, std::uint16_t flags, NameView name, RRType type,
                                   RRClass cls) noexcept
    : builder_(buffer), question_end_(kHeaderSize + name.size() + 4) {
  builder_.set_flags(flags);
  builder_.add_question(name, type, cls);
}

bool ResponseComposer::add(Bytes message, std::size_t records, RecordEditor& editor) {
  RecordCursor cursor(message, read_header(message), records);
  for (;;) {
    const auto next = cursor.next();
    if (!next) return false;
    if (!*next) return true;
    const RecordView& view = **next;
    const auto owner = read_name(message, view.name_offset);
    if (!owner) return false;
    EditedRecord record{.section = view.section,
                        .type = view.type,
                        .cls = view.cls,
                        .owner = owner->name,
                        .ttl = view.effective_ttl(),
                        .value = std::nullopt};
    if (has_value(view.type)) {
      const auto names = find_rdata_names(message, view);
      if (!names) return false;
      const auto value = read_name(message, names->begin);
      if (!value) return false;
      record.value = value->name;
    }
    switch (editor.edit(record)) {
      case RecordEditor::Outcome::keep:
        if (!write(message, view, record)) return false;
        break;
      case RecordEditor::Outcome::drop:
        break;
      case RecordEditor::Outcome::fail:
        return false;
    }
  }
}

bool ResponseComposer::write(Bytes message, const RecordView& view, const EditedRecord& record) {
  const NameView owner = record.owner.wire();
  if (record.value && is_single_name(record.type)) {
    return builder_.add_name_record(record.section, owner, record.type, record.cls, record.ttl,
                                    record.value->wire());
  }
  if (!expand_rdata(message, view, rdata_)) return false;
  if (is_single_name(record.type)) {
    return builder_.add_name_record(record.section, owner, record.type, record.cls, record.ttl, rdata_);
  }
  if (record.value) {
    const auto names = find_rdata_names(message, view);
    const auto was = names ? read_name(message, names->begin)
                           : std::expected<DecodedName, NameError>(std::unexpected(NameError::truncated));
    if (!was) return false;
    const auto begin = rdata_.begin() + static_cast<std::ptrdiff_t>(names->begin - view.rdata_offset);
    const auto rest = rdata_.erase(begin, begin + static_cast<std::ptrdiff_t>(was->name.size()));
    const NameView value = record.value->wire();
    rdata_.insert(rest, value.begin(), value.end());
  }
  return builder_.add_record(record.section, owner, record.type, record.cls, record.ttl, rdata_);
}

std::vector<std::uint16_t> ResponseComposer::ttl_offsets() const {
  std::vector<std::uint16_t> offsets;
  RecordCursor cursor(message(), read_header(message()), question_end_);
  for (auto record = cursor.next(); record && *record; record = cursor.next()) {
    offsets.push_back(static_cast<std::uint16_t>((*record)->ttl_offset));
  }
  return offsets;
}

}  // namespace nld::dns
