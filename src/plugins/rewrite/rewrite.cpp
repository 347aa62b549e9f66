// One rewritten query: its own message, its own reply, and the way back.
#include "plugins/rewrite/rewrite.hpp"

#include <algorithm>

#include "dns/builder.hpp"
#include "plugins/lookup.hpp"
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

bool is_unchanged(const Rewritten& query, const dns::Query& from) noexcept {
  return query.type == from.type && dns::equal_ignoring_case(query.name.wire(), from.name);
}

std::vector<std::uint8_t> message_of(const dns::Query& from, const dns::Name& name, const Rewritten& query,
                                     dns::Bytes options) {
  std::vector<std::uint8_t> buffer(dns::kHeaderSize + name.size() + 4 + dns::kOptSize + options.size());
  dns::MessageBuilder builder(buffer);
  builder.set_id(from.header.id);
  builder.set_flags(from.header.flags);
  builder.add_question(name.wire(), query.type, query.cls);
  if (query.edns) {
    const std::uint16_t size = from.edns ? from.edns->udp_size : kUdpSize;
    builder.add_opt(size, 0, from.dnssec_ok(), options);
  }
  buffer.resize(builder.size());
  return buffer;
}

}  // namespace

/// A query of ours, and what became of it.
struct RewritePlugin::Question {
  /// For the rest of the chain: the client's query as the rules have made it.
  Question(const Request& from, const Rewritten& rewritten)
      : message(message_of(from.query, rewritten.name, rewritten, rewritten.options)), request(from) {
    request.query = *dns::parse_query(message);
    request.added_options = rewritten.added_options;
  }
  /// For `target`, of whichever block it belongs to; as a client would ask, so that rules see it anew.
  Question(const Request& client, const dns::Name& target, const Rewritten& rewritten)
      : message(message_of(client.query, target, rewritten,
                           client.query.edns ? client.query.edns->options : dns::Bytes{})),
        request(client) {
    request.query = *dns::parse_query(message);
    request.added_options = {};
    request.metadata = nullptr;
    request.errand = std::make_shared<pipeline::Errand>(dns::Name::copy_of(client.query.name),
                                                        client.query.type, client.errand);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() = default;

  std::vector<std::uint8_t> message;
  Request request;
  Reply reply;
  Step step{Verdict::pass, 0};
};

/// Everything about one client's query, while it is answered at once and while it waits.
class RewritePlugin::Exchange final : public pipeline::Suspended {
 public:
  Exchange(const Request& request, Rewritten rewritten, const RewritePlugin& owner)
      : rewritten_(std::move(rewritten)), question_(request, rewritten_), router_(owner.router_) {}

  /// Goes on as far as it can at once; false: the step has to be waited for.
  bool go_on(const Request& request, const pipeline::Next& next, Reply& out) {
    if (question_.step.verdict == Verdict::pass) {
      question_.step = next.handle(question_.request, question_.reply);
      if (question_.step.verdict == Verdict::wait) return false;
    }
    while (take_lookup() && ask_again(request)) {
      lookup_->step = lookup_chain_->handle(lookup_->request, lookup_->reply);
      if (lookup_->step.verdict == Verdict::wait) return false;
    }
    out = std::move(question_.reply);
    turn_back(rewritten_, request, out);
    return true;
  }

  /// What is waited for, and then has its reply.
  runtime::Task<void> wait(const pipeline::Next& next) {
    if (lookup_) {
      co_await lookup_chain_->resolve(lookup_->request, lookup_->reply, lookup_->step.at);
      lookup_->step.verdict = Verdict::answered;
    } else {
      co_await next.resume(question_.request, question_.reply, question_.step);
      question_.step.verdict = Verdict::answered;
    }
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
  bool ask_again(const Request& request) {
    if (targets_.size() == kMostLookups) return false;
    const std::size_t from = targets_.empty() ? 0 : change_.place + 1;
    const auto change = find_alias_change(rewritten_, question_.reply, from);
    // A target asked for already: the rule's targets lead to one another.
    if (!change || std::ranges::find(targets_, change->target) != targets_.end() ||
        Lookup::in_progress(request, change->target.wire(), rewritten_.type)) {
      return false;
    }
    targets_.push_back(change->target);
    change_ = *change;
    lookup_ = std::make_unique<Question>(request, change_.target, rewritten_);
    const auto router = router_.lock();
    lookup_chain_ = router ? router->route(lookup_->request.query) : nullptr;
    if (!lookup_chain_) lookup_.reset();
    return lookup_ != nullptr;
  }

  Rewritten rewritten_;
  Question question_;
  std::weak_ptr<const pipeline::Router> router_;
  AliasChange change_;
  std::unique_ptr<Question> lookup_;
  std::shared_ptr<const pipeline::Chain> lookup_chain_;
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
  // The question that this one is asked for waits for it: it would wait for itself.
  if (request.errand && Lookup::in_progress(request, rewritten->name.wire(), rewritten->type) &&
      !is_unchanged(*rewritten, request.query)) {
    reply.rcode = dns::Rcode::SERVFAIL;
    reply.error = "rewrite: a circle of look-ups";
    return Verdict::answered;
  }
  auto exchange = std::make_unique<Exchange>(request, *std::move(rewritten), *this);
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
