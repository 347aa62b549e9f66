// Editing records on their way back, last rule first.
#include "plugins/rewrite/answer.hpp"

#include <algorithm>
#include <array>
#include <ranges>

#include "dns/edit.hpp"
#include "plugins/rewrite/change.hpp"
#include "plugins/rewrite/words.hpp"

namespace nld::plugins::rewriting {
namespace {

using dns::EditedRecord;
using dns::Name;
using Outcome = dns::RecordEditor::Outcome;

/// Where answers are composed before they get a block of their size.
dns::MutableBytes composing_space() {
  thread_local std::vector<std::uint8_t> space(dns::kMaxMessageSize);
  return space;
}

/// The end of the question section of an answer of ours: one plain name.
std::size_t records_of(dns::Bytes message) {
  return dns::skip_name(message, dns::kHeaderSize).value_or(message.size() - 4) + 4;
}

bool set_name(Name& name, std::string_view text) {
  const auto made = Name::from_text(text);
  if (made) name = *made;
  return made.has_value();
}

/// `from` or a name below it: its end becomes `to`. False: too long.
bool move_below(const NameBack& back, Name& name) {
  const bool inside = back.from.is_root() ? name.is_root() : name.is_at_or_below(back.from);
  if (!inside) return true;
  const std::size_t kept = name.size() - back.from.size();
  if (kept + back.to.size() > dns::kMaxNameSize) return false;
  std::array<std::uint8_t, dns::kMaxNameSize> wire;
  const auto rest = std::ranges::copy(name.wire().first(kept), wire.begin()).out;
  std::ranges::copy(back.to.wire(), rest);
  name = Name::copy_of(dns::NameView(wire).first(kept + back.to.size()));
  return true;
}

bool change_end(const SuffixBack& back, Name& name) {
  const std::string text = name.to_text();
  if (!lower_case(text).ends_with(back.to)) return true;
  return set_name(name, text.substr(0, text.size() - back.to.size()) + back.rule->text);
}

bool change_by(const AnswerRule& rule, Name& name) {
  const auto text = change(*rule.from, rule.to, name.to_text());
  return !text || set_name(name, *text);
}

/// Owner or value, whichever the rule is about; null: the record has none.
Name* subject(EditedRecord& record, bool value) {
  if (!value) return &record.owner;
  return record.value ? &*record.value : nullptr;
}

std::uint32_t bounded(std::uint32_t ttl, const TtlAction& action) {
  return std::clamp(ttl, action.least, action.most);
}

class Backwards final : public dns::RecordEditor {
 public:
  explicit Backwards(const Rewritten& query) : query_(query) {}

  Outcome edit(EditedRecord& record) override {
    for (const Back& back : query_.backs | std::views::reverse) {
      if (!std::visit([&](const auto& step) { return apply(step, record); }, back)) return Outcome::fail;
    }
    return Outcome::keep;
  }

 private:
  static bool apply(const NameBack& back, EditedRecord& record) {
    Name* const name = subject(record, back.value);
    return name == nullptr || move_below(back, *name);
  }
  static bool apply(const SuffixBack& back, EditedRecord& record) {
    Name* const name = subject(record, back.value);
    return name == nullptr || change_end(back, *name);
  }
  static bool apply(const AnswerRule* rule, EditedRecord& record) {
    Name* const name = subject(record, rule->value);
    return name == nullptr || change_by(*rule, *name);
  }
  static bool apply(const TtlAction* action, EditedRecord& record) {
    record.ttl = bounded(record.ttl, *action);
    return true;
  }
  static bool apply(const RcodeAction*, EditedRecord&) { return true; }
  static bool apply(const CnameAction*, EditedRecord&) { return true; }

  const Rewritten& query_;
};

/// What there is to do beside the question.
struct Work {
  bool names = false, ttls = false, rcode = false;
};

Work survey(const Rewritten& query, const pipeline::Request& request, pipeline::Reply& reply) {
  Work work;
  for (const Back& back : query.backs | std::views::reverse) {
    if (const auto* const ttl = std::get_if<const TtlAction*>(&back)) {
      work.ttls = work.ttls || !reply.ttl;
      if (reply.ttl) reply.ttl = bounded(*reply.ttl, **ttl);
    } else if (const auto* const rcode = std::get_if<const RcodeAction*>(&back)) {
      // Codes above 15 need an OPT.
      const bool speakable = (*rcode)->to <= dns::Rcode{15} || request.query.edns;
      if (reply.rcode != (*rcode)->from || !speakable) continue;
      reply.rcode = (*rcode)->to;
      work.rcode = true;
    } else if (!std::holds_alternative<const CnameAction*>(back)) {
      work.names = true;
    }
  }
  return work;
}

void fail(pipeline::Reply& reply) {
  reply.answer = nullptr;
  reply.rcode = dns::Rcode::SERVFAIL;
  reply.error = "invalid name or message after rewrite of the answer";
}

/// The answer up to the alias, which gets its new target.
class UpToAlias final : public dns::RecordEditor {
 public:
  UpToAlias(const AliasChange& change, std::optional<std::uint32_t> ttl) : change_(change), ttl_(ttl) {}

  Outcome edit(EditedRecord& record) override {
    const std::size_t number = number_++;
    if (record.section != dns::Section::answer || number > change_.place) return Outcome::drop;
    // Signatures go: the chain is another one now.
    if (record.type != dns::RRType::CNAME && record.type != dns::RRType::DNAME) return Outcome::drop;
    if (number == change_.place) record.value = change_.target;
    record.ttl = ttl_.value_or(record.ttl);
    ++kept_;
    return Outcome::keep;
  }
  [[nodiscard]] std::size_t kept() const noexcept { return kept_; }

 private:
  const AliasChange& change_;
  std::optional<std::uint32_t> ttl_;
  std::size_t number_ = 0;
  std::size_t kept_ = 0;
};

class AsTheyAre final : public dns::RecordEditor {
 public:
  explicit AsTheyAre(std::optional<std::uint32_t> ttl) : ttl_(ttl) {}
  Outcome edit(EditedRecord& record) override {
    record.ttl = ttl_.value_or(record.ttl);
    return Outcome::keep;
  }

 private:
  std::optional<std::uint32_t> ttl_;
};

std::optional<Name> new_target(const Rewritten& query, const Name& target) {
  const std::string text = target.to_text();
  const std::string lower = lower_case(text);
  for (const Back& back : query.backs | std::views::reverse) {
    const auto* const rule = std::get_if<const CnameAction*>(&back);
    if (rule == nullptr) continue;
    const Change& wanted = (*rule)->target;
    const auto made = change(wanted.from, wanted.to, wanted.from.kind == MatchKind::regex ? text : lower);
    if (!made) continue;
    if (const auto name = Name::from_text(*made)) return *name;
  }
  return std::nullopt;
}

}  // namespace

bool turn_back(const Rewritten& query, const pipeline::Request& request, pipeline::Reply& reply) {
  const Work work = survey(query, request, reply);
  if (!reply.answer) return true;
  const dns::Query& asked = request.query;
  const bool other_name = !dns::equal_ignoring_case(query.name.wire(), asked.name);
  const bool other_question = other_name || query.type != asked.type || query.cls != asked.cls;
  const dns::Bytes wire = reply.answer->wire();
  std::uint16_t flags = dns::read_header(wire).flags;
  const bool unproven = (flags & dns::flag::AD) != 0 && (other_question || work.names || work.rcode);
  if (!other_name && !work.names && !work.ttls && !unproven) return true;
  if (unproven) flags &= static_cast<std::uint16_t>(~dns::flag::AD);

  dns::ResponseComposer composer(composing_space(), flags, asked.name, asked.type, asked.cls);
  Backwards backwards(query);
  if (!composer.add(wire, records_of(wire), backwards)) {
    fail(reply);
    return false;
  }
  reply.answer = cache::Answer::make(reply.answer->facts(), composer.message(), composer.ttl_offsets());
  return true;
}

std::optional<AliasChange> find_alias_change(const Rewritten& query, const pipeline::Reply& reply,
                                             std::size_t from) {
  const bool wanted = std::ranges::any_of(
      query.backs, [](const Back& back) { return std::holds_alternative<const CnameAction*>(back); });
  if (!wanted || !reply.answer) return std::nullopt;
  const dns::Bytes message = reply.answer->wire();
  dns::RecordCursor cursor(message, dns::read_header(message), records_of(message));
  for (std::size_t place = 0;; ++place) {
    const auto record = cursor.next();
    if (!record || !*record || (*record)->section != dns::Section::answer) return std::nullopt;
    if (place < from || (*record)->type != dns::RRType::CNAME) continue;
    const auto target = dns::read_name(message, (*record)->rdata_offset);
    if (!target) return std::nullopt;
    if (const auto name = new_target(query, target->name))
      return AliasChange{.place = place, .target = *name};
  }
}

bool splice(AliasChange& change, const pipeline::Reply& found, pipeline::Reply& reply) {
  const bool useful = found.answer && reply.answer &&
                      (found.rcode == dns::Rcode::NOERROR || found.rcode == dns::Rcode::NXDOMAIN);
  if (!useful) return false;
  const dns::Bytes before = reply.answer->wire();
  const dns::Bytes behind = found.answer->wire();
  const auto flags =
      static_cast<std::uint16_t>((dns::read_header(before).flags & ~(dns::flag::AD | dns::flag::TC)) |
                                 (dns::read_header(behind).flags & dns::flag::TC));
  const auto question = dns::read_name(before, dns::kHeaderSize);
  if (!question) return false;
  dns::ResponseComposer composer(composing_space(), flags, question->name.wire(),
                                 static_cast<dns::RRType>(dns::get16(before, question->end)),
                                 static_cast<dns::RRClass>(dns::get16(before, question->end + 2)));
  UpToAlias up_to_alias(change, reply.ttl);
  AsTheyAre as_they_are(found.ttl);
  if (!composer.add(before, records_of(before), up_to_alias) ||
      !composer.add(behind, records_of(behind), as_they_are)) {
    return false;
  }
  reply.answer = cache::Answer::make(found.answer->facts(), composer.message(), composer.ttl_offsets());
  reply.rcode = found.rcode;
  reply.ttl.reset();
  change.place = up_to_alias.kept() - 1;
  if (found.extended_error) reply.extended_error = found.extended_error;
  return true;
}

}  // namespace nld::plugins::rewriting
