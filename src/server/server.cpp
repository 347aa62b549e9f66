// Start, reload, signals, stop.
#include "server/server.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <span>

#include "runtime/processors.hpp"
#include "server/gauges.hpp"
#include "server/privileges.hpp"

namespace nld::server {
namespace {

namespace asio = boost::asio;

/// Stop ends within 5 s whatever hangs; this is the part for queries that wait.
constexpr auto kDrainTime = std::chrono::seconds(3);
/// And this for what the workers have to close.
constexpr auto kStopTime = std::chrono::seconds(1);
/// node-cache looks at its template's files that often.
constexpr auto kTemplateInterval = std::chrono::seconds(10);

/// The least level that is logged.
runtime::LogLevel level_of(const runtime::Log& log) noexcept {
  using enum runtime::LogLevel;
  for (const runtime::LogLevel level : {trace, debug, info, warn}) {
    if (log.enabled(level)) return level;
  }
  return error;
}

/// Whose queries a worker gets: with a worker for each processor, those that are sent on its own. With fewer,
/// most queries would come from processors that are nobody's.
std::optional<int> processor_of(std::size_t worker, std::size_t workers, std::span<const int> processors) {
  if (workers == 1 || workers < processors.size() || processors.empty()) return std::nullopt;
  return processors[worker % processors.size()];
}

}  // namespace

Server::Server(ServerOptions options, CorefileSource source, runtime::Log& log)
    : options_(std::move(options)),
      source_(std::move(source)),
      log_(log),
      log_level_(level_of(log)),
      hasher_(random_.next()),
      budget_(options_.cache_memory),
      caches_(budget_),
      upstreams_(upstream::socket_exchangers(loop_, clock_, random_, metrics_, options_.workers)),
      health_(loop_, clock_, upstreams_, metrics_, options_.workers, &log_),
      endpoints_(loop_, clock_, log_,
                 {.metrics = [this] { return metrics_.expose(); }, .ready = [this] { return !stopping_; }}),
      self_check_(loop_, clock_, metrics_, options_.workers),
      have_ipv6_(host_has_ipv6()),
      reload_failed_(metrics_.counter(
          {"coredns_reload_failed_total", "Counter of the number of failed reload attempts."}, {},
          options_.workers)),
      signals_(loop_) {}

Server::~Server() = default;

int Server::run() {
  // First of all: a SIGHUP while the configuration is being read must not end the process.
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) signals_.add(number);
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto started = start(); !started) {
    log_.error("{}", started.error());
    return 1;
  }
  loop_.run();
  return exit_code_;
}

std::expected<void, std::string> Server::start() {
  auto loaded = source_.load();
  if (!loaded) return std::unexpected(loaded.error());
  fingerprint_ = source_.fingerprint();
  for (std::size_t index = 0; index < options_.workers; ++index) {
    workers_.push_back(std::make_unique<Worker>(index, metrics_, log_, hasher_, options_.instance));
  }
  process_gauges_ = process_gauges(metrics_, options_.version, budget_, log_);
  process_gauges_.push_back(metrics_.gauge({"node_local_dns_config_last_reload_successful",
                                            "Whether the configuration in use is the one last read."},
                                           {}, [this] { return last_reload_succeeded_ ? 1.0 : 0.0; }));
  if (const auto adopted = adopt(std::move(*loaded)); !adopted) return adopted;
  const std::vector<std::string> readable = source_.readable();
  if (const auto dropped = drop_privileges(); !dropped) log_.warn("{}", dropped.error());
  warn_of_lost_files(readable);
  for (const auto& worker : workers_) worker->start();
  for (std::future<void>& switched : switching_) switched.get();
  switching_.clear();
  after_switch();
  log_.info("node-local-dns {} serving with {} worker{}", options_.version, options_.workers,
            options_.workers == 1 ? "" : "s");
  wait_for_signals();
  return {};
}

std::expected<Server::Opened, std::string> Server::open_sockets(const ListenPlan& plan) const {
  Opened opened(options_.workers);
  const std::vector<int> processors = runtime::allowed_processors();
  for (const auto& [key, listen] : plan) {
    if (generation_ && generation_->plan.contains(key)) continue;
    for (std::size_t worker = 0; worker < opened.size(); ++worker) {
      ListenSockets sockets;
      if (!listen.tls) {
        auto udp = open_udp(key.address, processor_of(worker, opened.size(), processors));
        if (!udp) return std::unexpected(udp.error());
        sockets.udp = std::move(*udp);
      }
      auto tcp = open_tcp(key.address);
      if (!tcp) return std::unexpected(tcp.error());
      sockets.tcp = std::move(*tcp);
      opened[worker].emplace(key, std::move(sockets));
    }
  }
  return opened;
}

std::expected<void, std::string> Server::adopt(Loaded loaded) {
  for (const std::string& note : loaded.notes) log_.warn("{}", note);
  for (const auto& warning : loaded.config.warnings) log_.warn("{}", warning.to_string());
  auto opened = open_sockets(listen_plan(loaded.config, have_ipv6_));
  if (!opened) return std::unexpected(opened.error());
  if (const auto prepared = endpoints_.prepare(loaded.config); !prepared) return prepared;

  // From here on nothing can fail.
  const auto& blocks = loaded.config.blocks;
  const bool debug = std::ranges::any_of(blocks, [](const auto& block) { return block.debug; });
  log_.set_level(debug ? std::min(log_level_, runtime::LogLevel::debug) : log_level_);
  generation_ = make_generation(std::move(loaded.config), have_ipv6_, caches_, health_);
  endpoints_.commit();
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    switching_.push_back(workers_[index]->apply(generation_, std::move((*opened)[index])));
  }
  return {};
}

void Server::warn_of_lost_files(const std::vector<std::string>& before) {
  const std::vector<std::string> now = source_.readable();
  for (const std::string& path : before) {
    if (std::ranges::find(now, path) != now.end()) continue;
    log_.warn(
        "{}: could be read with root's privileges only, which are given up now: a reload will fail, unless "
        "the "
        "file belongs to user {} or its mode lets that user read it",
        path, geteuid());
  }
}

void Server::after_switch() {
  for (const auto& [key, listen] : generation_->plan) {
    log_.info("listening on {}{} ({} zone{})", listen.tls ? "tls://" : "", key.address.to_string(),
              listen.zones.size(), listen.zones.size() == 1 ? "" : "s");
  }
  gauges_.clear();  // before the new ones: equal series would be added up
  gauges_ = generation_gauges(metrics_, *generation_);
  std::optional<runtime::SocketAddress> health;
  for (const auto& block : generation_->config.blocks) {
    if (block.health && !health) health = block.health->address;
  }
  self_check_.watch(health);
  watch_for_loops();
  watch_hosts_files();
  watch_files();
}

void Server::reload(std::string_view cause) {
  if (stopping_) return;
  log_.info("reloading: {}", cause);
  const std::string before = source_.fingerprint();
  auto loaded = source_.load();
  // A file that changed while it was read (or files that are new to us) are looked at once more next time.
  const std::string after = source_.fingerprint();
  fingerprint_ = before == after ? after : std::string();
  auto adopted = loaded ? adopt(std::move(*loaded)) : std::unexpected(loaded.error());
  last_reload_succeeded_ = adopted.has_value();
  if (!adopted) {
    reload_failed_.add();
    log_.error("reload failed, the old configuration keeps serving: {}", adopted.error());
    watch_files();
    return;
  }
  for (std::future<void>& switched : switching_) switched.get();
  switching_.clear();
  after_switch();
  log_.info("reload complete, configuration sha512 {}", generation_->config.digest.substr(0, 16));
}

void Server::watch_files() {
  file_timer_.cancel();
  std::optional<runtime::Duration> interval;
  if (source_.is_template()) interval = kTemplateInterval;
  for (const auto& block : generation_->config.blocks) {
    if (!block.reload) continue;
    // Jitter spreads the reloads of a cluster whose nodes all see one ConfigMap change (CoreDNS's reason).
    const auto jitter = static_cast<std::uint64_t>(std::max<std::int64_t>(block.reload->jitter.count(), 0));
    const auto offset =
        std::chrono::milliseconds(random_.below(2 * jitter + 1)) - std::chrono::milliseconds(jitter);
    const runtime::Duration wanted = block.reload->interval + offset;
    interval = interval ? std::min(*interval, wanted) : wanted;
    break;  // process-wide in CoreDNS too: the first block's counts
  }
  if (!interval) return;
  file_timer_ = clock_.after(*interval, [this] { check_files(); });
}

void Server::check_files() {
  if (source_.fingerprint() != fingerprint_) {
    reload("a configuration file has changed");
  } else {
    watch_files();
  }
}

void Server::watch_for_loops() {
  loop_watches_.clear();
  for (const auto& [key, listen] : generation_->plan) {
    if (listen.tls) continue;  // the probe is a UDP packet
    for (const ZoneAt& at : listen.zones) {
      const SharedBlock& block = generation_->blocks[at.block];
      if (at.zone >= block.loops.size()) continue;
      loop_watches_.push_back(std::make_unique<plugins::LoopWatch>(
          loop_, clock_, random_, block.loops[at.zone], key.address,
          [this, server = listen.label](const plugins::LoopState& state) { on_loop(server, state); }));
    }
  }
}

void Server::watch_hosts_files() {
  hosts_watches_.clear();
  for (const SharedBlock& block : generation_->blocks) {
    if (block.hosts) {
      hosts_watches_.push_back(std::make_unique<plugins::HostsWatch>(block.hosts, clock_, log_));
    }
  }
}

void Server::on_loop(const std::string& server, const plugins::LoopState& state) {
  log_.error(
      "plugin/loop: forwarding loop for zone {} of {}: a query sent once came back. Its queries get SERVFAIL "
      "until "
      "the "
      "configuration is reloaded. Check that no `forward` of this zone leads to this server, directly or "
      "through "
      "the servers of /etc/resolv.conf (a host with systemd-resolved: use /run/systemd/resolve/resolv.conf)",
      state.zone().to_text(), server);
  if (!options_.loop_exit || stopping_) return;
  exit_code_ = 1;
  begin_stop();
}

void Server::wait_for_signals() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    if (number == SIGHUP || number == SIGUSR1) {
      reload(number == SIGHUP ? "SIGHUP" : "SIGUSR1");
    } else {
      log_.info("{}: stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
      begin_stop();
    }
    wait_for_signals();
  });
}

void Server::begin_stop() {
  if (std::exchange(stopping_, true)) {
    drain();  // asked twice: the lame duck time ends here
    return;
  }
  file_timer_.cancel();
  std::chrono::milliseconds lameduck{0};
  for (const auto& block : generation_->config.blocks) {
    if (block.health) lameduck = std::max(lameduck, block.health->lameduck);
  }
  if (lameduck.count() == 0) {
    drain();
    return;
  }
  log_.info("lame duck for {} ms", lameduck.count());
  stop_timer_ = clock_.after(lameduck, [this] { drain(); });
}

void Server::drain() {
  if (std::exchange(draining_, true)) return;
  stop_timer_.cancel();
  self_check_.watch(std::nullopt);
  loop_watches_.clear();
  hosts_watches_.clear();
  const runtime::TimePoint deadline = clock_.now() + kDrainTime;
  std::vector<std::future<void>> drained;
  drained.reserve(workers_.size());
  for (const auto& worker : workers_) drained.push_back(worker->drain(deadline));
  for (std::future<void>& done : drained) done.wait_until(deadline + std::chrono::milliseconds(200));
  for (const auto& worker : workers_) worker->stop();
  const runtime::TimePoint patience = clock_.now() + kStopTime;
  for (const auto& worker : workers_) worker->join(patience);
  workers_.clear();
  health_.stop();
  upstreams_.close();
  log_.info("stopped");
  // Two turns later: health checks that waited for an upstream end in between.
  asio::post(loop_, [this] { asio::post(loop_, [this] { loop_.stop(); }); });
}

}  // namespace nld::server
