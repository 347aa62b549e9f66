// Lookup, coalesced fetching, storing, stale answers and prefetch of the `cache` directive.
#include "plugins/cache/cache.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/container/small_vector.hpp>

#include "dns/builder.hpp"
#include "plugins/cache/policy.hpp"
#include "runtime/completion.hpp"

namespace nld::plugins {
namespace {

namespace asio = boost::asio;
using cache::Answer;
using cache::AnswerPtr;
using cache::FetchResult;
using cache::Flights;
using cache::Key;
using cache::Part;
using cache::SharedResult;
using pipeline::Reply;
using pipeline::Request;
using pipeline::Verdict;

/// A waiter gives up then, whatever became of its flight. Forwarding ends long before.
constexpr auto kPatience = std::chrono::seconds(30);
/// RFC 9520 §3.2 wants resolution failures cached for at least a second; more would delay recovery.
constexpr std::uint32_t kFailureTtl = 1;

/// Where a query waits for its flight, on whichever worker that lands: the result comes home through the
/// loop.
struct Landing : runtime::Completion<SharedResult> {
  explicit Landing(asio::io_context& its_loop) noexcept : loop(its_loop) {}
  asio::io_context& loop;
};

Key key_of(const cache::KeyHasher& hasher, const dns::Query& query) noexcept {
  return {hasher, query.name, query.type, query.cls, query.dnssec_ok(), query.header.has(dns::flag::CD)};
}

/// Room for most names, in the frame of the fetch.
using QueryMessage = boost::container::small_vector<std::uint8_t, 128>;

/// The query as a fetch sends it down the chain: the key and nothing else of the client's message, so that
/// the answer fits everyone who asks for that key. `options`: what our own rules send upstream with it.
QueryMessage query_message(const Key& key, bool recursion_desired, dns::Bytes options) {
  QueryMessage message(dns::kHeaderSize + key.name().size() + 4 + dns::kOptSize + options.size());
  dns::MessageBuilder builder(message);
  builder.set_flags(static_cast<std::uint16_t>((recursion_desired ? dns::flag::RD : 0) |
                                               (key.checking_disabled() ? dns::flag::CD : 0)));
  builder.add_question(key.name(), key.type(), key.cls());
  if (key.dnssec_ok() || !options.empty()) builder.add_opt(1232, 0, key.dnssec_ok(), options);
  message.resize(builder.size());
  return message;
}

}  // namespace

/// One fetch under way: owns everything its coroutine touches.
struct CachePlugin::Fetch {
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;
  Fetch(std::shared_ptr<const pipeline::Chain> held, const Key& wanted, const Request& cause,
        AnswerPtr replaced)
      : chain(std::move(held)),
        key(wanted),
        message(query_message(wanted, cause.query.header.has(dns::flag::RD), cause.added_options)),
        request(cause),
        old(std::move(replaced)) {
    request.query = *dns::parse_query(message);
    // The message has no others; those of the cause end with it.
    request.added_options = request.query.edns ? request.query.edns->options : dns::Bytes{};
  }

  std::shared_ptr<const pipeline::Chain> chain;
  Key key;
  QueryMessage message;
  Request request;
  Reply reply;
  AnswerPtr old;  ///< the expired or ageing answer that this fetch renews, if any
};

/// Lands its flight at the end of its scope.
struct CachePlugin::Landed {
  Landed(cache::Flights& its_flights, const Key& its_key, SharedResult its_result) noexcept
      : flights(its_flights), key(its_key), result(std::move(its_result)) {}
  Landed(const Landed&) = delete;
  Landed& operator=(const Landed&) = delete;
  ~Landed() { flights.land(key, result); }

  cache::Flights& flights;
  const Key& key;
  SharedResult result;
};

std::string zones_label(const CacheConfig& config) {
  std::string label;
  for (const dns::Name& zone : config.zones) {
    if (!label.empty()) label += ',';
    label += zone.to_text();
  }
  return label;
}

CachePlugin::Counters CachePlugin::Counters::make(metrics::Registry& registry, const Site& site,
                                                  const std::string& zones, std::size_t worker) {
  const metrics::Labels labels{{"server", site.server}, {"view", ""}, {"zones", zones}};
  const auto typed = [&](std::string_view type) {
    return metrics::Labels{
        {"server", site.server}, {"type", std::string(type)}, {"view", ""}, {"zones", zones}};
  };
  const auto counter = [&](std::string_view name, std::string_view help,
                           const metrics::Labels& of) -> metrics::Counter& {
    return registry.counter({name, help}, of, worker);
  };
  const std::string_view hits = "coredns_cache_hits_total";
  const std::string_view hits_help = "The count of cache hits.";
  const std::string_view evictions = "coredns_cache_evictions_total";
  const std::string_view evictions_help = "The count of cache evictions.";
  // Nothing that reaches the cache answers another question (forward drops such), so this stays zero; the
  // name is there because dashboards show it.
  counter("coredns_cache_drops_total", "Responses that were not cached because their question differs.",
          labels);
  return {
      .requests = counter("coredns_cache_requests_total", "The count of cache requests.", labels),
      .misses = counter("coredns_cache_misses_total", "The count of cache misses.", labels),
      .success_hits = counter(hits, hits_help, typed("success")),
      .denial_hits = counter(hits, hits_help, typed("denial")),
      .success_evictions = counter(evictions, evictions_help, typed("success")),
      .denial_evictions = counter(evictions, evictions_help, typed("denial")),
      .prefetches = counter("coredns_cache_prefetch_total",
                            "The number of times the cache has prefetched a cached item.", labels),
      .served_stale = counter("coredns_cache_served_stale_total",
                              "The number of requests served from stale cache entries.", labels),
      .coalesced = counter("node_local_dns_coalesced_misses_total",
                           "Misses that waited for a fetch another query had started.", labels),
      .refused = counter("node_local_dns_cache_overload_total",
                         "Misses refused because too many fetches were under way.", labels),
  };
}

CachePlugin::CachePlugin(CacheConfig config, std::shared_ptr<CacheShared> shared, const Services& services,
                         const Site& site)
    : config_(std::move(config)),
      shared_(std::move(shared)),
      services_(services),
      counters_(Counters::make(services.metrics, site, zones_label(config_), services.worker)) {}

void CachePlugin::attach(std::weak_ptr<const pipeline::Chain> chain, pipeline::Next next) {
  chain_ = std::move(chain);
  next_ = next;
}

bool CachePlugin::concerns(const Request& request) const noexcept {
  const dns::Query& query = request.query;
  if (query.cls != dns::RRClass::IN || dns::is_meta(query.type)) return false;
  // An answer made for a client subnet fits that subnet only (RFC 7871 §7.3): it goes past the cache.
  if (query.edns && dns::find_option(query.edns->options, dns::OptionCode::client_subnet)) return false;
  return std::ranges::any_of(config_.zones, [&](const dns::Name& zone) {
    return zone.is_root() || dns::is_at_or_below(query.name, zone.wire());
  });
}

void CachePlugin::count_hit(Part part) noexcept {
  (part == Part::success ? counters_.success_hits : counters_.denial_hits).add();
}

void CachePlugin::serve(AnswerPtr answer, runtime::TimePoint now, Reply& reply) noexcept {
  count_hit(answer->facts().part);
  const std::int64_t left = config_.keep_ttl ? answer->facts().ttl : answer->ttl_at(now);
  reply.ttl = static_cast<std::uint32_t>(std::max<std::int64_t>(left, 0));
  reply.extended_error = answer->facts().extended_error;
  reply.answer_with(std::move(answer), "cache");
}

void CachePlugin::serve_stale(AnswerPtr answer, Reply& reply) noexcept {
  count_hit(answer->facts().part);
  counters_.served_stale.add();
  reply.ttl = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config_.stale.response_ttl).count());
  reply.extended_error = answer->facts().rcode == dns::Rcode::NXDOMAIN
                             ? dns::ExtendedError::stale_nxdomain_answer
                             : dns::ExtendedError::stale_answer;
  reply.answer_with(std::move(answer), "cache");
}

cache::Lookahead CachePlugin::look_ahead(const dns::Query& query) const noexcept {
  return {shared_->table, key_of(services_.hasher, query).hash()};
}

Verdict CachePlugin::handle(Request& request, Reply& reply) {
  if (!concerns(request)) return Verdict::pass;
  counters_.requests.add();
  const Key key = key_of(services_.hasher, request.query);
  const runtime::TimePoint now = request.received;
  AnswerPtr fresh = shared_->table.find_fresh(key, now);
  const bool serves_stale = config_.stale.up_to.count() > 0;
  if (fresh && fresh->facts().part == Part::failure && serves_stale) {
    // A failure hides no good data; while it is fresh it only says that there is no use in asking again.
    if (AnswerPtr stale = choose_stale(config_, shared_->table.find(key), now)) {
      serve_stale(std::move(stale), reply);
      return Verdict::answered;
    }
  }
  if (fresh) {
    if (note_hit_and_check_prefetch(config_, *fresh, now)) refresh(request, fresh, true);
    serve(std::move(fresh), now, reply);
    return Verdict::answered;
  }
  if (serves_stale && !config_.stale.verify) {
    if (AnswerPtr stale = choose_stale(config_, shared_->table.find(key), now)) {
      refresh(request, stale, false);
      serve_stale(std::move(stale), reply);
      return Verdict::answered;
    }
  }
  return Verdict::wait;
}

runtime::Task<void> CachePlugin::resolve(Request& request, Reply& reply, pipeline::Next /*next*/) {
  const Key key = key_of(services_.hasher, request.query);
  const runtime::TimePoint now = services_.clock.now();
  AnswerPtr stale;
  if (config_.stale.up_to.count() > 0) stale = choose_stale(config_, shared_->table.find(key), now);
  if (stale && steady_ms(now) < stale->usage().recheck_after_ms.load(std::memory_order_relaxed)) {
    serve_stale(std::move(stale), reply);
    co_return;
  }
  if (!stale) counters_.misses.add();

  const auto landing = std::allocate_shared<Landing>(runtime::RecyclingAllocator<Landing>(), services_.loop);
  cache::Passenger passenger = [landing](SharedResult result) {
    asio::dispatch(landing->loop, [landing, result = std::move(result)] { landing->deliver(result); });
  };
  const Flights::Boarding boarding = shared_->flights.board(key, std::move(passenger));
  if (boarding == Flights::Boarding::refused) {
    counters_.refused.add();
    reply.rcode = dns::Rcode::SERVFAIL;
    reply.error = "too many fetches under way";
    reply.extended_error = dns::ExtendedError::other;
    co_return;
  }
  if (boarding == Flights::Boarding::leads) {
    runtime::start(fetch(request, key, stale));
  } else {
    counters_.coalesced.add();
  }

  auto patience = now + kPatience;
  if (stale && config_.stale.verify_timeout.count() > 0) patience = now + config_.stale.verify_timeout;
  if (request.deadline) patience = std::min(patience, *request.deadline);
  const std::optional<SharedResult> result = co_await landing->wait(services_.clock, patience);
  const bool good =
      result && (*result)->answer && (!stale || replaces_stale(config_, *stale, *(*result)->answer));
  if (stale && !good) {
    serve_stale(std::move(stale), reply);
  } else if (result) {
    if (stale) count_hit(stale->facts().part);
    serve_result(**result, reply);
  } else if (request.deadline && services_.clock.now() >= *request.deadline) {
    reply.silent = true;
  } else {
    reply.rcode = dns::Rcode::SERVFAIL;
    reply.error = "no answer from the fetch that this query joined";
    reply.extended_error = dns::ExtendedError::other;
  }
}

void CachePlugin::serve_result(const FetchResult& result, Reply& reply) const {
  reply.extended_error = result.extended_error;
  reply.extended_error_text = result.extended_error_text;
  reply.provenance = result.provenance;
  if (result.answer) {
    reply.ttl = shown_ttl(config_, result.answer->facts());
    reply.answer_with(result.answer, result.plugin);
  } else {
    reply.rcode = result.rcode;
    reply.error = result.error;
    reply.plugin = result.plugin;
  }
}

void CachePlugin::refresh(const Request& request, const AnswerPtr& old, bool prefetch) {
  const auto now_ms = steady_ms(request.received);
  if (now_ms < old->usage().recheck_after_ms.load(std::memory_order_relaxed)) return;
  const Key key = key_of(services_.hasher, request.query);
  if (!shared_->flights.lead_alone(key)) return;
  if (prefetch) counters_.prefetches.add();
  runtime::start(fetch(request, key, old));
}

runtime::Task<void> CachePlugin::fetch(const Request& request, const Key& key, AnswerPtr old) {
  Fetch fetch(chain_.lock(), key, request, std::move(old));
  const auto result = std::allocate_shared<FetchResult>(runtime::RecyclingAllocator<FetchResult>());
  // Lands even if an exception (an exhausted heap) ends this coroutine: a flight that never lands would make
  // everybody who asks for its name wait.
  const Landed landed{shared_->flights, fetch.key, result};
  co_await (*next_)(fetch.request, fetch.reply);
  Reply& reply = fetch.reply;
  result->plugin = reply.plugin;
  result->error = std::move(reply.error);
  result->extended_error = reply.extended_error;
  result->extended_error_text = std::move(reply.extended_error_text);
  result->provenance = reply.provenance;
  result->rcode = reply.rcode;
  if (reply.answer && reply.cacheable) {
    result->answer = store(fetch.key, std::move(reply.answer), fetch.old);
  } else if (reply.answer) {
    result->answer = std::move(reply.answer);
  } else if (reply.rcode == dns::Rcode::SERVFAIL) {
    store_failure(fetch.key, reply.extended_error);
  }
  const bool failed = !result->answer || result->answer->facts().part == Part::failure;
  if (fetch.old && failed) {
    const auto until = services_.clock.now() + config_.stale.failure_recheck;
    fetch.old->usage().recheck_after_ms.store(steady_ms(until), std::memory_order_relaxed);
  }
}

AnswerPtr CachePlugin::store(const Key& key, AnswerPtr answer, const AnswerPtr& old) {
  const Part part = answer->facts().part;
  const std::optional<std::uint32_t> ttl = storage_ttl(config_, answer->facts());
  if (!ttl || !storing_allowed(config_, part, key.name()) || !answer->asks(key)) return answer;
  AnswerPtr entry = Answer::entry(std::move(answer), key, *ttl, services_.clock.now());
  if (old && part != Part::failure) {
    // A renewed entry keeps its popularity, or prefetch would work only every other time.
    entry->usage().hits = old->usage().hits.load(std::memory_order_relaxed);
    entry->usage().last_hit_ms = old->usage().last_hit_ms.load(std::memory_order_relaxed);
  }
  insert(entry);
  // What was learnt later holds: a name that has data now was not denied, and its failure is over.
  if (part == Part::success) shared_->table.erase(key, {Part::denial, Part::failure});
  if (part == Part::denial) shared_->table.erase(key, {Part::failure});
  return entry;
}

void CachePlugin::store_failure(const Key& key, std::optional<dns::ExtendedError> extended_error) {
  if (config_.servfail_ttl.count() == 0) return;
  std::array<std::uint8_t, 512> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.set_flags(static_cast<std::uint16_t>(dns::flag::QR | dns::flag::RA |
                                               static_cast<std::uint16_t>(dns::Rcode::SERVFAIL)));
  builder.add_question(key.name(), key.type(), key.cls());
  const Answer::Facts facts{.part = Part::failure,
                            .kind = dns::ResponseKind::servfail,
                            .rcode = dns::Rcode::SERVFAIL,
                            .extended_error = extended_error};
  insert(Answer::entry(Answer::make(facts, builder.message(), {}), key, kFailureTtl, services_.clock.now()));
}

void CachePlugin::insert(AnswerPtr entry) {
  const cache::Evicted evicted = shared_->table.store(std::move(entry));
  counters_.success_evictions.add(evicted.success);
  counters_.denial_evictions.add(evicted.denial);
}

}  // namespace nld::plugins
