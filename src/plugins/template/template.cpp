// Finding the rule of a query and making its answer.
#include "plugins/template/template.hpp"

#include <algorithm>
#include <array>

#include "dns/copy_record.hpp"
#include "dns/rdata.hpp"
#include "plugins/built_answer.hpp"
#include "plugins/lookup.hpp"
#include "plugins/zone_list.hpp"

namespace nld::plugins {
namespace {

using dns::RRClass;
using dns::RRType;
using pipeline::Reply;
using pipeline::Request;
using pipeline::Verdict;

constexpr std::size_t kUsualRoom = 1024;  // what nearly every answer fits in, on the stack
constexpr std::size_t kMostLookups = 8;   // for the aliases of one answer

std::string_view text_of(dns::Section section) noexcept {
  switch (section) {
    case dns::Section::answer:
      return "answer";
    case dns::Section::authority:
      return "authority";
    case dns::Section::additional:
      break;
  }
  return "additional";
}

bool is_for(const TemplateRule& rule, const dns::Query& query) noexcept {
  const bool cls = rule.cls == RRClass::ANY || query.cls == RRClass::ANY || rule.cls == query.cls;
  return cls && (rule.type == RRType::ANY || query.type == RRType::ANY || rule.type == query.type);
}

/// The lower-case name as CoreDNS writes it, made when a pattern first wants it.
class NameText {
 public:
  explicit NameText(dns::NameView name) noexcept : name_(name) {}
  std::string_view get() noexcept {
    if (text_.empty()) text_ = dns::to_text(dns::Name::copy_of(name_).lowered().wire(), space_);
    return text_;
  }

 private:
  dns::NameView name_;
  std::array<char, dns::kMaxNameText> space_;
  std::string_view text_;
};

/// The first pattern that matches; null: none, or the rule has none.
const TemplateRule::Pattern* find_pattern(const TemplateRule& rule, std::string_view name) {
  for (const TemplateRule::Pattern& pattern : rule.patterns) {
    // Without captures RE2 stops at the first sign that it matches, or that it cannot.
    if (re2::RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *pattern.regex)) return &pattern;
  }
  return nullptr;
}

std::vector<std::string_view> groups_of(const TemplateRule::Pattern* pattern, std::string_view name) {
  if (pattern == nullptr) return {name};
  std::vector<re2::StringPiece> found(pattern->groups.size());
  const re2::StringPiece text(name.data(), name.size());
  pattern->regex->Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(),
                        static_cast<int>(found.size()));
  std::vector<std::string_view> groups;
  groups.reserve(found.size());
  for (const re2::StringPiece& group : found) groups.emplace_back(group.data(), group.size());
  return groups;
}

TemplateMetrics::Event event_of(const Request& request, const TemplateMatch& match) noexcept {
  return {.zone = match.zone,
          .cls = template_class(request.query, match.rule),
          .type = template_type(request.query, match.rule)};
}

/// The name in the RDATA of an alias whose target may be looked up for this query; nothing: it is none.
std::optional<dns::Name> alias_target(const Request& request, const TextRecord& record) {
  const RRType wanted = request.query.type;
  if (record.type != RRType::CNAME || (wanted != RRType::A && wanted != RRType::AAAA)) return std::nullopt;
  const auto target = dns::Name::from_wire(record.rdata);
  if (!target || Lookup::in_progress(request, target->wire(), wanted)) return std::nullopt;
  return *target;
}

}  // namespace

/// An answer whose aliases wait to be followed.
class TemplatePlugin::Draft final : public pipeline::Suspended {
 public:
  Draft(std::shared_ptr<const TemplateRule> its_rule, std::vector<Made> its_records)
      : rule(std::move(its_rule)), records(std::move(its_records)) {}
  std::shared_ptr<const TemplateRule> rule;
  std::vector<Made> records;
};

TemplatePlugin::TemplatePlugin(std::vector<std::shared_ptr<const TemplateRule>> rules,
                               const Services& services, const Site& site)
    : rules_(std::move(rules)),
      services_(services),
      metrics_(services.metrics, site.server, services.worker) {}

void TemplatePlugin::attach(std::weak_ptr<const pipeline::Chain> chain, pipeline::Next /*next*/) {
  chain_ = std::move(chain);
}

bool TemplatePlugin::takes(RRClass cls) const noexcept {
  return std::ranges::any_of(
      rules_, [cls](const auto& rule) { return rule->cls == cls || rule->cls == RRClass::ANY; });
}

Verdict TemplatePlugin::handle(Request& request, Reply& reply) {
  const dns::Query& query = request.query;
  NameText name(query.name);
  for (const auto& rule : rules_) {
    const dns::Name* zone = longest_zone(rule->zones, query.name);
    if (zone == nullptr || !is_for(*rule, query)) continue;
    const TemplateRule::Pattern* pattern = rule->patterns.empty() ? nullptr : find_pattern(*rule, name.get());
    if (pattern == nullptr && !rule->patterns.empty()) {
      if (longest_zone(rule->fallthrough, query.name) != nullptr) continue;
      reply.rcode = dns::Rcode::SERVFAIL;  // as CoreDNS
      reply.plugin = this->name();
      return Verdict::answered;
    }
    std::vector<std::string_view> groups;
    if (rule->uses_groups) groups = groups_of(pattern, name.get());
    const bool needs_name = !std::ranges::all_of(rule->records, &TemplateRecord::is_constant);
    return answer(request, rule,
                  {.rule = *rule,
                   .zone = *zone,
                   .pattern = pattern,
                   .name = needs_name ? name.get() : std::string_view(),
                   .groups = groups},
                  reply);
  }
  if (query.cls == RRClass::IN) return Verdict::pass;
  // It came this far only because a rule might have been for its class.
  reply.rcode = dns::Rcode::REFUSED;
  return Verdict::answered;
}

Verdict TemplatePlugin::answer(const Request& request, const std::shared_ptr<const TemplateRule>& rule,
                               const TemplateMatch& match, Reply& reply) {
  metrics_.matched(event_of(request, match));
  reply.plugin = name();
  if (rule->rcode == dns::Rcode::SERVFAIL) {
    reply.rcode = rule->rcode;
    return Verdict::answered;
  }
  std::vector<Made> records;
  if (!make_records(request, match, records, reply)) return Verdict::answered;
  const bool follows = std::ranges::any_of(records, [&](const Made& made) {
    return made.section == dns::Section::answer && alias_target(request, *made.record);
  });
  if (follows) {
    reply.suspended = std::make_unique<Draft>(rule, std::move(records));
    return Verdict::wait;
  }
  finish(request, *rule, records, reply);
  return Verdict::answered;
}

bool TemplatePlugin::make_records(const Request& request, const TemplateMatch& match, std::vector<Made>& out,
                                  Reply& reply) {
  const QueryData data(request, match);
  out.reserve(match.rule.records.size());
  for (const TemplateRecord& record : match.rule.records) {
    if (record.constant) {
      out.push_back({.section = record.section, .record = &*record.constant});
      continue;
    }
    const auto text = record.text.evaluate(data);
    auto made = text ? parse_record(*text) : std::unexpected(text.error());
    if (made) {
      auto own = std::make_unique<const TextRecord>(*std::move(made));
      const TextRecord* seen = own.get();
      out.push_back({.section = record.section, .record = seen, .own = std::move(own)});
      continue;
    }
    const std::string_view section = text_of(record.section);
    if (text) {
      metrics_.record_failed(event_of(request, match), section, record.source);
    } else {
      metrics_.template_failed(event_of(request, match), section, record.source);
    }
    reply.rcode = dns::Rcode::SERVFAIL;
    reply.error = "template: " + std::string(section) + " '" + record.source + "': " + made.error();
    return false;
  }
  return true;
}

runtime::Task<void> TemplatePlugin::resolve(Request& request, Reply& reply, pipeline::Next /*next*/) {
  const std::unique_ptr<pipeline::Suspended> suspended = std::move(reply.suspended);
  auto& draft = static_cast<Draft&>(*suspended);
  std::size_t lookups = 0;
  for (Made& made : draft.records) {
    if (made.section != dns::Section::answer || lookups == kMostLookups) continue;
    const auto target = alias_target(request, *made.record);
    if (!target) continue;
    ++lookups;
    co_await look_up(request, *target, made);
  }
  finish(request, *draft.rule, draft.records, reply);
}

runtime::Task<void> TemplatePlugin::look_up(const Request& request, const dns::Name& target, Made& alias) {
  Lookup lookup(request, target.wire(), request.query.type);
  // As a client's question to this address: the target may belong to another server block.
  const auto router = services_.router.lock();
  const std::shared_ptr<const pipeline::Chain> chain =
      router ? router->route(lookup.request.query) : chain_.lock();
  if (!chain) co_return;
  const pipeline::Step step = chain->handle(lookup.request, lookup.reply);
  if (step.verdict == Verdict::wait) co_await chain->resolve(lookup.request, lookup.reply, step.at);
  alias.target = lookup.reply.answer;
  alias.target_ttl = lookup.reply.ttl;
}

bool TemplatePlugin::build(const dns::Query& query, dns::Rcode rcode, const std::vector<Made>& records,
                           dns::MessageBuilder& builder) {
  builder.set_flags(static_cast<std::uint16_t>(dns::flag::QR | dns::flag::AA |
                                               (static_cast<unsigned>(rcode) & dns::flag::kRcodeMask)));
  if (!builder.add_question(query.name, query.type, query.cls)) return false;
  std::vector<std::uint8_t> scratch;
  for (const Made& made : records) {
    const TextRecord& record = *made.record;
    const dns::NameView owner = record.owner.wire();
    const bool written =
        dns::is_single_name(record.type)
            ? builder.add_name_record(made.section, owner, record.type, record.cls, record.ttl, record.rdata)
            : builder.add_record(made.section, owner, record.type, record.cls, record.ttl, record.rdata);
    if (!written) return false;
    if (!made.target) continue;
    const dns::Bytes wire = made.target->wire();
    // The target's question is the target itself: see look_up.
    const std::size_t question = dns::kHeaderSize + record.rdata.size() + 4;
    dns::RecordCursor cursor(wire, dns::read_header(wire), question);
    for (auto next = cursor.next(); next && *next; next = cursor.next()) {
      const dns::RecordView& found = **next;
      if (found.section != dns::Section::answer) break;
      const std::uint32_t ttl = made.target_ttl.value_or(found.effective_ttl());
      if (!dns::copy_record(builder, wire, found, ttl, scratch)) return false;
    }
  }
  return true;
}

void TemplatePlugin::finish(const Request& request, const TemplateRule& rule,
                            const std::vector<Made>& records, Reply& reply) const {
  const auto build_in = [&](dns::MutableBytes room) -> cache::AnswerPtr {
    dns::MessageBuilder builder(room);
    if (!build(request.query, rule.rcode, records, builder)) return nullptr;
    return built_answer(builder.message(), request.query, rule.rcode, request.received);
  };
  std::array<std::uint8_t, kUsualRoom> usual;
  cache::AnswerPtr answer = build_in(usual);
  if (!answer) {
    std::vector<std::uint8_t> room(dns::kMaxMessageSize);
    answer = build_in(room);
  }
  reply.plugin = name();
  if (!answer) {
    reply.rcode = dns::Rcode::SERVFAIL;
    reply.error = "template: the records do not fit into a message";
    return;
  }
  reply.answer_with(std::move(answer), name());
  reply.extended_error = rule.extended_error;
  reply.extended_error_text = rule.extended_error_text;
}

}  // namespace nld::plugins
