// The `loop` plugin: recognises its own probe coming back and then refuses to feed the loop.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "pipeline/plugin.hpp"
#include "runtime/random.hpp"

namespace nld::plugins {

/// Shared by the workers and by the probe that the control thread sends. Thread-safe.
class LoopState {
 public:
  explicit LoopState(dns::Name zone) noexcept : zone_(zone) {}

  [[nodiscard]] const dns::Name& zone() const noexcept { return zone_; }
  /// A new random name `<number>.<number>.<zone>` to ask for; the sightings of older ones no longer count.
  dns::Name new_probe(runtime::Random& random);
  /// Ends the watch: no HINFO query is looked at any more.
  void disarm();
  /// A query for HINFO came in. Seen a second time, it goes round in circles: it was sent once. (CoreDNS
  /// waits for a third; ours could not come, since the second would join the fetch of the first.)
  void sighted(const dns::Query& query);
  [[nodiscard]] bool looping() const noexcept { return looping_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool armed() const noexcept { return armed_.load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned kSightings = 1;
  dns::Name zone_;
  std::atomic<bool> armed_{false};
  std::atomic<bool> looping_{false};
  std::mutex mutex_;  // guards the two below
  dns::Name probe_;
  unsigned seen_ = 0;
};

/// Stands before `cache` (in CoreDNS behind it): the probe that comes back must be seen here, not join the
/// fetch of the first one.
class LoopPlugin final : public pipeline::Plugin {
 public:
  explicit LoopPlugin(std::shared_ptr<LoopState> state) noexcept : state_(std::move(state)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "loop"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;

 private:
  std::shared_ptr<LoopState> state_;
};

}  // namespace nld::plugins
