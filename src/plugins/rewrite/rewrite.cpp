// One rewritten query: its own message, its own reply, and the way back.
#include "plugins/rewrite/rewrite.hpp"

#include <algorithm>

#include "dns/builder.hpp"
#include "plugins/rewrite/answer.hpp"

namespace nld::plugins {
namespace {

using pipeline::Reply;
using pipeline::Request;
using pipeline::Step;
using pipeline::Verdict;
using rewriting::AliasChange;
using rewriting::Rewritten;

/// For the changed targets of one answer.
constexpr std::size_t kMostLookups = 8;
constexpr std::uint16_t kUdpSize = 1232;

std::vector<std::uint8_t> message_of(const dns::Query& from, const dns::Name& name, const Rewritten& query) {
  std::vector<std::uint8_t> buffer(dns::kHeaderSize + name.size() + 4 + dns::kOptSize + query.options.size());
  dns::MessageBuilder builder(buffer);
  builder.set_id(from.header.id);
  builder.set_flags(from.header.flags);
  builder.add_question(name.wire(), query.type, query.cls);
  if (query.edns) {
    const std::uint16_t size = from.edns ? from.edns->udp_size : kUdpSize;
    builder.add_opt(size, 0, from.dnssec_ok(), query.options);
  }
  buffer.resize(builder.size());
  return buffer;
}

}  // namespace

/// A query that this plugin asks the rest of the chain, and what became of it.
struct RewritePlugin::Question {
  Question(const Request& from, const dns::Name& name, const Rewritten& rewritten)
      : message(message_of(from.query, name, rewritten)), request(from) {
    request.query = *dns::parse_query(message);
    request.added_options = rewritten.added_options;
  }
  std::vector<std::uint8_t> message;
  Request request;
  Reply reply;
  Step step{Verdict::pass, 0};
};

/// Everything about one client's query, while it is answered at once and while it waits.
class RewritePlugin::Exchange final : public pipeline::Suspended {
 public:
  Exchange(const Request& request, Rewritten rewritten)
      : rewritten_(std::move(rewritten)), question_(request, rewritten_.name, rewritten_) {}

  /// Goes on as far as it can at once; false: the step of current() has to be waited for.
  bool go_on(const Request& request, const pipeline::Next& next, Reply& out) {
    if (question_.step.verdict == Verdict::pass) {
      question_.step = next.handle(question_.request, question_.reply);
      if (question_.step.verdict == Verdict::wait) return false;
    }
    while (take_lookup() && ask_again()) {
      lookup_->step = next.handle(lookup_->request, lookup_->reply);
      if (lookup_->step.verdict == Verdict::wait) return false;
    }
    out = std::move(question_.reply);
    turn_back(rewritten_, request, out);
    return true;
  }

  /// What is waited for, and then has its reply.
  runtime::Task<void> wait(const pipeline::Next& next) {
    Question& waiting = lookup_ ? *lookup_ : question_;
    co_await next.resume(waiting.request, waiting.reply, waiting.step);
    waiting.step.verdict = Verdict::answered;
  }

 private:
  /// Puts the reply of the look-up, if there is one, into the answer; false: it is no use.
  bool take_lookup() {
    if (!lookup_) return true;
    const bool useful = splice(change_, lookup_->reply, question_.reply);
    lookup_.reset();
    return useful;
  }

  /// Prepares the next look-up; false: none is wanted.
  bool ask_again() {
    if (targets_.size() == kMostLookups) return false;
    const std::size_t from = targets_.empty() ? 0 : change_.place + 1;
    const auto change = find_alias_change(rewritten_, question_.reply, from);
    // A target asked for already: the rule's targets lead to one another.
    if (!change || std::ranges::find(targets_, change->target) != targets_.end()) return false;
    targets_.push_back(change->target);
    change_ = *change;
    lookup_ = std::make_unique<Question>(question_.request, change_.target, rewritten_);
    return true;
  }

  Rewritten rewritten_;
  Question question_;
  AliasChange change_;
  std::unique_ptr<Question> lookup_;
  std::vector<dns::Name> targets_;  ///< looked up so far
};

void RewritePlugin::attach(std::weak_ptr<const pipeline::Chain> /*chain*/, pipeline::Next next) {
  next_ = next;
}

Verdict RewritePlugin::handle(Request& request, Reply& reply) {
  std::optional<Rewritten> rewritten = rules_->apply(request);
  const dns::RRClass cls = rewritten ? rewritten->cls : request.query.cls;
  if (cls == request.query.cls && cls != dns::RRClass::IN) {
    // It came this far only because a rule might have made it IN.
    reply.rcode = dns::Rcode::REFUSED;
    return Verdict::answered;
  }
  if (!rewritten) return Verdict::pass;
  if (!rewritten->error.empty()) {
    reply.rcode = dns::Rcode::SERVFAIL;
    reply.error = std::move(rewritten->error);
    return Verdict::answered;
  }
  auto exchange = std::make_unique<Exchange>(request, *std::move(rewritten));
  if (exchange->go_on(request, *next_, reply)) return Verdict::answered;
  reply.suspended = std::move(exchange);
  return Verdict::wait;
}

runtime::Task<void> RewritePlugin::resolve(Request& request, Reply& reply, pipeline::Next next) {
  const std::unique_ptr<pipeline::Suspended> suspended = std::move(reply.suspended);
  auto& exchange = static_cast<Exchange&>(*suspended);
  do {
    co_await exchange.wait(next);
  } while (!exchange.go_on(request, next, reply));
}

}  // namespace nld::plugins
