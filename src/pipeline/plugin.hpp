// What a plugin is: a link of the chain that a query passes. One instance a worker, single-threaded.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "cache/lookahead.hpp"
#include "pipeline/draft.hpp"
#include "pipeline/request.hpp"
#include "runtime/task.hpp"

namespace nld::pipeline {

enum class Verdict : std::uint8_t {
  pass,      ///< not mine: the next one
  answered,  ///< `reply` is complete
  wait,      ///< call `resolve`: it takes time
};

class Chain;

/// Where a walk along a chain has come to: `at` is the plugin to resume with when it waits.
struct Step {
  Verdict verdict;
  std::size_t at;
};

/// The rest of the chain behind a plugin.
class Next {
 public:
  Next(const Chain& chain, std::size_t index) noexcept : chain_(&chain), index_(index) {}
  /// For a plugin that looks at the reply of those behind it: what can be answered at once is; a step that
  /// waits is for `resume`, with the same request and reply.
  [[nodiscard]] Step handle(Request& request, Reply& reply) const;
  [[nodiscard]] runtime::Task<void> resume(Request& request, Reply& reply, Step step) const;
  [[nodiscard]] runtime::Task<void> operator()(Request& request, Reply& reply) const;
  /// Name of the plugin that comes next, empty at the end (forward's `next` goes on to a forward only).
  [[nodiscard]] std::string_view name() const noexcept;

 private:
  const Chain* chain_;
  std::size_t index_;
};

class Plugin {
 public:
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  virtual ~Plugin() = default;

  /// The directive's name (static string).
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Answers at once if it can. This is the hot path: no allocation, no waiting.
  virtual Verdict handle(Request& /*request*/, Reply& /*reply*/) { return Verdict::pass; }
  /// Whether `look_ahead` is of use, known when the chain is built.
  [[nodiscard]] virtual bool looks_ahead() const noexcept { return false; }
  /// Whether it pays now. Asked for every batch of packets.
  [[nodiscard]] virtual bool look_ahead_pays() const noexcept { return false; }
  /// For a query that `handle` will see soon, if nobody before answers or changes it.
  [[nodiscard]] virtual cache::Lookahead look_ahead(const dns::Query& /*query*/) const noexcept { return {}; }
  /// Called after `wait`. `request` and `reply` outlive the coroutine. Never throws.
  virtual runtime::Task<void> resolve(Request& request, Reply& reply, Next next);

  /// Whether the plugin knows what to do with a query of that class; one of them is enough for the chain.
  [[nodiscard]] virtual bool takes(dns::RRClass cls) const noexcept { return cls == dns::RRClass::IN; }

  /// Called once when the chain stands; `next` is the place behind this plugin. For plugins that start work
  /// of their own (prefetch): they hold the chain while it runs, so that a reload cannot end it under them.
  virtual void attach(std::weak_ptr<const Chain> /*chain*/, Next /*next*/) {}

  /// Whether `amend` wants to be called, known when the chain is built.
  [[nodiscard]] virtual bool amends() const noexcept { return false; }
  /// Changes the outgoing copy of a reply: what is stored stays as it is. Hot path, as `handle`.
  virtual void amend(const Request& /*request*/, const Reply& /*reply*/, Draft& /*draft*/) noexcept {}
  /// Whether positive replies go out with nothing but their answer section.
  [[nodiscard]] virtual bool answer_only() const noexcept { return false; }

  /// Whether `observe` wants to be called, known when the chain is built.
  [[nodiscard]] virtual bool observes() const noexcept { return false; }
  /// Sees every finished reply of its block, whoever answered.
  virtual void observe(const Request& /*request*/, const Reply& /*reply*/, const Outcome& /*outcome*/) {}
};

/// Immutable once built. Held by shared pointer: queries that wait keep their chain across a reload.
class Chain {
 public:
  static std::shared_ptr<const Chain> build(std::vector<std::unique_ptr<Plugin>> plugins);

  /// Walks from `from`; on `wait`, `at` is the plugin to resume with. A chain that nobody answers is
  /// SERVFAIL, as in CoreDNS ("no next plugin found").
  using Step = pipeline::Step;
  Step handle(Request& request, Reply& reply, std::size_t from = 0) const;
  [[nodiscard]] runtime::Task<void> resolve(Request& request, Reply& reply, std::size_t at) const;
  [[nodiscard]] bool look_ahead_pays() const noexcept {
    return ahead_ != nullptr && ahead_->look_ahead_pays();
  }
  [[nodiscard]] cache::Lookahead look_ahead(const dns::Query& query) const noexcept {
    return look_ahead_pays() ? ahead_->look_ahead(query) : cache::Lookahead();
  }
  void observe(const Request& request, const Reply& reply, const Outcome& outcome) const;
  void amend(const Request& request, const Reply& reply, Draft& draft) const noexcept;
  [[nodiscard]] bool answer_only() const noexcept { return answer_only_; }

  [[nodiscard]] bool takes(dns::RRClass cls) const noexcept;
  [[nodiscard]] const std::vector<std::unique_ptr<Plugin>>& plugins() const noexcept { return plugins_; }

 private:
  explicit Chain(std::vector<std::unique_ptr<Plugin>> plugins);
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::vector<Plugin*> observers_;  // innermost first
  std::vector<Plugin*> amenders_;   // innermost first
  const Plugin* ahead_ = nullptr;   // the first that looks ahead
  bool answer_only_ = false;
};

}  // namespace nld::pipeline
