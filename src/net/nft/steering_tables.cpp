// Plans first, then one transaction, then what the kernel made of it.
#include "net/nft/steering_tables.hpp"

#include <algorithm>
#include <iterator>

namespace nld::net {
namespace {

void note(RulesOutcome& outcome, Failure why) {
  if (!outcome.failure) outcome.failure = std::move(why);
}

}  // namespace

SteeringTables::SteeringTables(CommandRunner& commands) noexcept
    : commands_(commands), ipv4_(commands, Family::ipv4), ipv6_(commands, Family::ipv6) {}

std::string SteeringTables::elements_for(const SteeringTable& table, const Wanted& wanted,
                                         bool is_new) const {
  const bool aside = aside_ || (is_new && birth_ == Birth::awaited);
  return aside || unsettled_ ? table.aside_input(wanted.addresses, aside) : std::string();
}

std::vector<SteeringTables::Part> SteeringTables::plan(std::vector<Wanted> wanted, RulesOutcome& outcome) {
  ReadAhead ahead(commands_);
  for (const Wanted& one : wanted) of(one.set.family).begin_listing(ahead);
  std::vector<Part> parts;
  for (Wanted& one : wanted) {
    SteeringTable& table = of(one.set.family);
    auto plan = table.plan(one.set);
    if (!plan) {
      note(outcome, std::move(plan).error());
      continue;
    }
    const bool is_new = !plan->repairs.empty() && plan->anew.empty();
    // A table made anew has an empty switch.
    if (!plan->repairs.empty() || unsettled_) {
      const std::string elements = elements_for(table, one, is_new);
      plan->input += elements;
      if (!plan->anew.empty()) plan->anew += elements;
    }
    parts.push_back({table, std::move(one.set), std::move(*plan), is_new});
  }
  return parts;
}

RulesOutcome SteeringTables::ensure(std::vector<Wanted> wanted) {
  read_back();
  RulesOutcome outcome;
  std::vector<Part> parts = plan(std::move(wanted), outcome);
  const bool all_new = !parts.empty() && std::ranges::all_of(parts, &Part::is_new);
  std::string together;
  for (const Part& part : parts) together += part.plan.input;
  const bool at_once = parts.size() > 1 && !together.empty() && apply_nft(commands_, together);
  for (Part& part : parts) {
    if (part.plan.input.empty()) continue;
    if (auto done = at_once ? std::expected<void, Failure>() : part.table.apply(part.plan); !done) {
      note(outcome, std::move(done).error());
    } else if (!part.plan.repairs.empty()) {
      if (!listing_) listing_.emplace(commands_);
      part.table.begin_listing(*listing_);
      written_.emplace_back(&part.table, std::move(part.set));
      std::ranges::move(part.plan.repairs, std::back_inserter(outcome.repairs));
    }
  }
  if (std::exchange(started_, true)) read_back();
  if (!outcome.failure) unsettled_ = false;
  if (birth_ == Birth::awaited) birth_ = all_new && !outcome.failure ? Birth::aside : Birth::ordinary;
  if (birth_ == Birth::aside) aside_ = true;
  return outcome;
}

void SteeringTables::read_back() {
  for (auto& [table, set] : written_) {
    // A failure says nothing of the table: the next listing is compared with what was written.
    static_cast<void>(table->learn(set));
  }
  written_.clear();
  listing_.reset();
}

std::expected<void, Failure> SteeringTables::set_aside(const std::vector<Wanted>& wanted, bool aside) {
  aside_ = aside;
  birth_ = Birth::ordinary;
  std::string together;
  for (const Wanted& one : wanted) together += of(one.set.family).aside_input(one.addresses, aside);
  if (together.empty() || apply_nft(commands_, together)) return {};
  // One family's table may be missing: the other's goes on all the same.
  std::expected<void, Failure> done;
  for (const Wanted& one : wanted) {
    auto switched = of(one.set.family).set_aside(one.addresses, aside);
    if (switched || !done) continue;
    unsettled_ = true;
    done = std::move(switched);
  }
  return done;
}

}  // namespace nld::net
