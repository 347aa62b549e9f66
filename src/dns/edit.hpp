// Writing a response anew from the records of others, changed on the way: names, TTLs, what is kept.
#pragma once

#include <optional>
#include <vector>

#include "dns/builder.hpp"
#include "dns/response.hpp"

namespace nld::dns {

/// A record as an editor sees it. What it changes is written; the rest of the RDATA stays as it is.
struct EditedRecord {
  Section section{};
  RRType type{};
  RRClass cls{};
  Name owner;
  std::uint32_t ttl = 0;
  /// The name in the RDATA: target of CNAME, DNAME, NS, PTR, SRV, exchange of MX, replacement of NAPTR,
  /// primary server of SOA. Nothing for other types: names in them say something else, or must not change
  /// (RRSIG).
  std::optional<Name> value;
};

class RecordEditor {
 public:
  virtual ~RecordEditor() = default;
  enum class Outcome : std::uint8_t { keep, drop, fail };
  virtual Outcome edit(EditedRecord& record) = 0;
};

/// Composes a response in a buffer of the caller. Names are compressed anew. Records must come section by
/// section.
class ResponseComposer {
 public:
  /// Pre-condition: `buffer` holds at least a header and the question.
  ResponseComposer(MutableBytes buffer, std::uint16_t flags, NameView name, RRType type,
                   RRClass cls) noexcept;

  /// Gives each record of `message` (from `records` on, just after its question) to `editor` and writes what
  /// it keeps. False when a record is malformed, does not fit, or the editor fails: the message is then of no
  /// use.
  bool add(Bytes message, std::size_t records, RecordEditor& editor);

  [[nodiscard]] Bytes message() const noexcept { return builder_.message(); }
  /// Where the TTLs of the records written stand.
  [[nodiscard]] std::vector<std::uint16_t> ttl_offsets() const;

 private:
  bool write(Bytes message, const RecordView& view, const EditedRecord& record);

  MessageBuilder builder_;
  std::size_t question_end_;
  std::vector<std::uint8_t> rdata_;
};

}  // namespace nld::dns
