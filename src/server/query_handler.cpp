// The main corridor: every query of every transport passes here.
#include "server/query_handler.hpp"

#include <array>
#include <boost/container/small_vector.hpp>

#include "server/instance.hpp"

namespace nld::server {
namespace {

using dns::Rcode;
using pipeline::Verdict;

pipeline::Outcome outcome_of(const Rendered& rendered, runtime::Duration duration) noexcept {
  return {.rcode = rendered.rcode, .flags = rendered.flags, .size = rendered.size, .duration = duration};
}

/// Queries we could parse and do not take, whatever the zone.
std::optional<Rcode> not_served(const dns::Query& query) noexcept {
  if (query.edns && query.edns->version != 0) return Rcode::BADVERS;  // RFC 6891 §6.1.3
  // A cache has no zones to transfer (RFC 5936 §2.2.1, RFC 1995).
  if (query.type == dns::RRType::AXFR || query.type == dns::RRType::IXFR) return Rcode::REFUSED;
  // OPT, TKEY and TSIG are no data one can ask for (RFC 6895 §3.1).
  if (query.type == dns::RRType::OPT || query.type == dns::RRType::TKEY || query.type == dns::RRType::TSIG) {
    return Rcode::REFUSED;
  }
  return std::nullopt;
}

/// The node agent asks several times a second whether we live (agent/prober): that is nobody's traffic, and
/// would hide what is. version.bind TXT in class CH, or an instance's name, from the host's loopback address.
bool is_liveness_probe(const pipeline::Request& request) {
  static constexpr std::array<std::uint8_t, 14> kVersionBind{7,   'v', 'e', 'r', 's', 'i', 'o',
                                                             'n', 4,   'b', 'i', 'n', 'd', 0};
  const dns::Query& query = request.query;
  return query.cls == dns::RRClass::CH && query.type == dns::RRType::TXT && request.client.is_loopback() &&
         (dns::equal_ignoring_case(query.name, kVersionBind) || is_instance_name(query.name));
}

}  // namespace

WorkerQueries::WorkerQueries(boost::asio::io_context& the_loop, runtime::Clock& the_clock,
                             metrics::Registry& metrics, std::size_t worker, std::string_view instance)
    : loop(the_loop),
      clock(the_clock),
      own_name(instance_name(instance)),
      overload(metrics.counter({"node_local_dns_overload_total",
                                "Queries answered SERVFAIL because too many were waiting already."},
                               {}, worker)),
      panics(metrics.counter({"coredns_panics_total", "The number of panics."}, {}, worker)) {
  for (std::size_t at = 0; at < malformed.size(); ++at) {
    malformed[at] = &metrics.counter(
        {"node_local_dns_malformed_queries_total", "Packets that were not a query we can read, by kind."},
        {{"kind", std::string(dns::describe(static_cast<dns::QueryFault>(at)))}}, worker);
  }
}

/// The call of `handle` that a query came with, while it has not returned: one that turned out to need no
/// wait is answered there (its sink expects nothing before `handle` has said that it waits).
struct QueryHandler::Inside {
  dns::MutableBytes out;
  Waiting* waiting = nullptr;  ///< null: it has ended
  Handled handled{};
};

/// A query that waits: owns its packet and everything its coroutine touches.
struct QueryHandler::Waiting {
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  Waiting(const pipeline::Request& from, std::shared_ptr<const pipeline::Chain> its_chain,
          std::shared_ptr<ReplySink> its_sink, pipeline::Reply so_far)
      : packet(from.query.packet.begin(), from.query.packet.end()),
        request(from),
        reply(std::move(so_far)),
        chain(std::move(its_chain)),
        sink(std::move(its_sink)) {
    request.query = *dns::parse_query(packet);
    request.query.header = from.query.header;  // flags that a plugin has changed
  }
  boost::container::small_vector<std::uint8_t, 128> packet;  ///< all but queries with long options
  pipeline::Request request;
  pipeline::Reply reply;
  std::shared_ptr<const pipeline::Chain> chain;
  std::shared_ptr<ReplySink> sink;
  Inside* inside = nullptr;  ///< null: `handle` has returned
};

QueryHandler::QueryHandler(WorkerQueries& queries, plugins::DroppedMetrics dropped)
    : queries_(queries), dropped_(std::move(dropped)) {}

QueryHandler::Handled QueryHandler::reply_without_chain(const pipeline::Request& request, Rcode rcode,
                                                        dns::MutableBytes out) {
  pipeline::Reply reply;
  reply.rcode = rcode;
  const Rendered rendered = render(request, reply, out);
  if (!is_liveness_probe(request)) {
    dropped_.note(plugins::sample_of(request, reply, outcome_of(rendered, {})));
  }
  return {Result::replied, rendered.size};
}

cache::Lookahead QueryHandler::look_ahead(dns::Bytes packet) const noexcept {
  const auto query = dns::parse_query(packet);
  if (!query) return {};
  const auto& chain = zones_.find(*query);
  return chain ? chain->look_ahead(*query) : cache::Lookahead();
}

QueryHandler::Handled QueryHandler::handle(const Inbound& inbound, dns::MutableBytes out,
                                           const std::shared_ptr<ReplySink>& sink) {
  const auto query = dns::parse_query(inbound.packet);
  if (!query) {
    queries_.malformed[static_cast<std::size_t>(query.error())]->add();
    const std::size_t size = render_fault(inbound.packet, query.error(), out);
    dropped_.note({.transport = inbound.transport,
                   .family = plugins::address_family(inbound.client),
                   .request_size = inbound.packet.size(),
                   .response_size = size,
                   .rcode = rcode_for(query.error()).value_or(Rcode::NOERROR)});
    return {size == 0 ? Result::silence : Result::replied, size};
  }
  pipeline::Request request{.query = *query,
                            .client = inbound.client,
                            .local = inbound.local,
                            .transport = inbound.transport,
                            .encrypted = inbound.encrypted,
                            .received = inbound.received};
  if (const auto rcode = not_served(*query)) return reply_without_chain(request, *rcode, out);
  if (is_liveness_probe(request)) {
    const bool meant = queries_.own_name && dns::equal_ignoring_case(query->name, queries_.own_name->wire());
    return reply_without_chain(request, meant ? Rcode::NOERROR : Rcode::REFUSED, out);
  }
  const auto& chain = zones_.find(*query);
  if (!chain || (query->cls != dns::RRClass::IN && !chain->takes(query->cls))) {
    return reply_without_chain(request, Rcode::REFUSED, out);
  }

  pipeline::Reply reply;
  const pipeline::Step step = chain->handle(request, reply);
  if (step.verdict == Verdict::wait) {
    if (queries_.waiting < WorkerQueries::kMaxWaiting) {
      ++queries_.waiting;
      Inside inside{.out = out};
      runtime::start(finish(queries_, request, chain, sink, std::move(reply), step.at, inside));
      if (inside.waiting == nullptr) return inside.handled;
      inside.waiting->inside = nullptr;
      return {Result::waits, 0};
    }
    queries_.overload.add();
    reply.rcode = Rcode::SERVFAIL;
    reply.extended_error = dns::ExtendedError::other;
    reply.error = "too many queries waiting for upstream servers";
  }
  const Rendered rendered = reply.silent ? Rendered{} : render(request, reply, out, chain.get());
  chain->observe(request, reply, outcome_of(rendered, queries_.clock.now() - request.received));
  return {reply.silent ? Result::silence : Result::replied, rendered.size};
}

runtime::Task<void> QueryHandler::finish(WorkerQueries& queries, const pipeline::Request& from,
                                         std::shared_ptr<const pipeline::Chain> chain,
                                         std::shared_ptr<ReplySink> sink, pipeline::Reply so_far,
                                         std::size_t at, Inside& inside) {
  Waiting waiting(from, std::move(chain), std::move(sink), std::move(so_far));
  waiting.inside = &inside;
  inside.waiting = &waiting;
  try {
    co_await waiting.chain->resolve(waiting.request, waiting.reply, at);
  } catch (const std::exception& failure) {
    // Programming errors and an exhausted heap end one query, not the node's DNS.
    queries.panics.add();
    waiting.reply = {};
    waiting.reply.error = failure.what();
  }
  deliver(queries, waiting);
}

void QueryHandler::deliver(WorkerQueries& queries, Waiting& waiting) {
  --queries.waiting;
  // Stale data that was waited for up to the deadline is still given.
  const auto& deadline = waiting.request.deadline;
  if (deadline && queries.clock.now() > *deadline) waiting.reply.silent = true;
  if (waiting.inside != nullptr) {
    waiting.inside->handled = render_and_observe(queries, waiting, waiting.inside->out);
    waiting.inside->waiting = nullptr;
    return;
  }
  // On the stack, not in the coroutine, whose frame every query that waits would hold it in.
  std::array<std::uint8_t, kMaxUdpAnswer> datagram;
  dns::MutableBytes out = datagram;
  if (waiting.request.transport == pipeline::Transport::tcp) out = queries.tcp_reply_space();
  const Handled handled = render_and_observe(queries, waiting, out);
  waiting.sink->deliver(out.first(handled.size), waiting.request.client, waiting.request.local);
}

QueryHandler::Handled QueryHandler::render_and_observe(WorkerQueries& queries, Waiting& waiting,
                                                       dns::MutableBytes out) {
  const pipeline::Reply& reply = waiting.reply;
  const Rendered rendered =
      reply.silent ? Rendered{} : render(waiting.request, reply, out, waiting.chain.get());
  waiting.chain->observe(waiting.request, reply,
                         outcome_of(rendered, queries.clock.now() - waiting.request.received));
  return {reply.silent ? Result::silence : Result::replied, rendered.size};
}

}  // namespace nld::server
