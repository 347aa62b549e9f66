// nft in, nft out.
#include "net/nft/steering_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <utility>

#include "net/nft/listing.hpp"
#include "net/rules/steering.hpp"

namespace nld::net {
namespace {

// How nft says that a table, a set or an element is not there: ENOENT in the C library's words, which are not
// translated, for nft never calls setlocale(3).
constexpr std::string_view kAbsent = "No such file or directory";
constexpr std::string_view kThere = "File exists";  // EEXIST

std::string table_name(Family family) {
  return fmt::format("{} {}", nft_family(family), kNftTable);
}

/// The first line says what is wrong, the rest shows the input.
std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

Failure failure(std::string_view doing, const CommandResult& result) {
  const std::string reason = first_line(result.error);
  return {.what =
              fmt::format("{}: {}", doing,
                          reason.empty() ? fmt::format("nft ended with status {}", result.status) : reason)};
}

}  // namespace

std::expected<void, Failure> apply_nft(CommandRunner& commands, std::string_view input) {
  auto result = commands.run({"nft", "-f", "-"}, input);
  if (!result) return std::unexpected(Failure{.what = std::move(result).error()});
  if (result->status != 0) return std::unexpected(failure("nft -f", *result));
  return {};
}

SteeringTable::SteeringTable(CommandRunner& commands, Family family) noexcept
    : commands_(commands), family_(family) {}

std::expected<void, std::string> SteeringTable::usable(const RuleSet& wanted) {
  const std::string input = steering_removal(family_) + wanted.nft_table;
  auto result = commands_.run({"nft", "--check", "-f", "-"}, input);
  if (!result) return std::unexpected(std::move(result).error());
  if (result->status != 0) return std::unexpected(failure("nft --check", *result).what);
  return {};
}

const std::string& SteeringTable::expected_text(const RuleSet& wanted) const noexcept {
  const bool learned = !learned_text_.empty() && learned_for_ == wanted.nft_table;
  return learned ? learned_text_ : wanted.nft_table;
}

std::expected<std::vector<Repair>, Failure> SteeringTable::check(const RuleSet& wanted) {
  auto actual = list_table();
  if (!actual) return std::unexpected(std::move(actual).error());
  if (wanted.nft_table.empty()) {
    if (actual->empty()) return {};
    return std::vector<Repair>{
        {.kind = Repair::Kind::nftables, .fault = Fault::stale, .what = table_name(family_)}};
  }
  return compare_listings(expected_text(wanted), *actual, table_name(family_));
}

std::expected<SteeringTable::Plan, Failure> SteeringTable::plan(const RuleSet& wanted) {
  auto actual = list_table();
  if (!actual) return std::unexpected(std::move(actual).error());
  const std::string table = table_name(family_);
  Plan plan;
  plan.repairs = compare_listings(expected_text(wanted), *actual, table);
  if (plan.repairs.empty()) return plan;
  plan.input = transition(wanted.nft_table, *actual, table);
  if (!actual->empty()) plan.anew = steering_removal(family_) + wanted.nft_table;
  return plan;
}

std::expected<void, Failure> SteeringTable::apply(const Plan& plan) {
  auto applied = apply_nft(commands_, plan.input);
  // The kernel refuses some transitions: of a set that differs where the listing does not show it, of a
  // dormant table. To start anew always works, and costs the memory of flows.
  if (!applied && !plan.anew.empty()) applied = apply_nft(commands_, plan.anew);
  return applied;
}

std::expected<void, Failure> SteeringTable::learn(const RuleSet& wanted) {
  auto now = list_table();
  if (!now) return std::unexpected(std::move(now).error());
  learned_for_ = wanted.nft_table;
  // Another nft may use other words for the same rules; were they taken for a change, each check would
  // repair them again.
  learned_text_ = std::move(*now);
  return {};
}

std::expected<std::vector<Repair>, Failure> SteeringTable::ensure(const RuleSet& wanted) {
  if (wanted.nft_table.empty()) return remove();
  auto todo = plan(wanted);
  if (!todo) return std::unexpected(std::move(todo).error());
  if (todo->repairs.empty()) return std::move(todo->repairs);
  auto done = apply(*todo);
  if (done) done = learn(wanted);
  if (!done) return std::unexpected(std::move(done).error());
  return std::move(todo->repairs);
}

std::expected<std::vector<Repair>, Failure> SteeringTable::remove() {
  auto actual = list_table();
  if (!actual) return std::unexpected(std::move(actual).error());
  if (actual->empty()) return {};
  if (auto applied = apply_nft(commands_, steering_removal(family_)); !applied) {
    return std::unexpected(std::move(applied).error());
  }
  return std::vector<Repair>{
      {.kind = Repair::Kind::nftables, .fault = Fault::stale, .what = table_name(family_)}};
}

std::string SteeringTable::aside_input(const std::vector<std::string>& addresses, bool aside) const {
  if (addresses.empty()) return {};
  const std::string elements =
      fmt::format("element {} {} {{ {} }}\n", table_name(family_), kAsideSet, fmt::join(addresses, ", "));
  // To delete an element that is not there is an error, to add one that is there is none.
  std::string input = "add " + elements;
  if (!aside) input += "delete " + elements;
  return input;
}

std::expected<void, Failure> SteeringTable::set_aside(const std::vector<std::string>& addresses, bool aside) {
  if (addresses.empty()) return {};
  return apply_nft(commands_, aside_input(addresses, aside));
}

std::expected<bool, Failure> SteeringTable::is_aside() {
  auto text = list_set(kAsideSet);
  if (!text) return std::unexpected(std::move(text).error());
  return text->contains("elements = {");
}

std::expected<bool, Failure> SteeringTable::was_steered(const Flow& flow) {
  // "get element" would do, but nft 1.0.6 reads every set for it: 9 s on a full one. That an element can be
  // made, which --check leaves undone, tells the same in 20 ms.
  auto result = commands_.run(
      {"nft", "--check", "create", "element", std::string(nft_family(family_)), std::string(kNftTable),
       steered_set(flow.local), fmt::format("{{ {} . {} . {} }}", flow.client, flow.protocol, flow.port)},
      {});
  if (!result) return std::unexpected(Failure{.what = std::move(result).error()});
  if (result->status == 0 || result->error.contains(kAbsent)) return false;
  if (result->error.contains(kThere)) return true;
  return std::unexpected(failure("nft create element", *result));
}

std::expected<std::uint64_t, Failure> SteeringTable::steered_packets() {
  auto text = list_set(kSteeredPacketsSet);
  if (!text) return std::unexpected(std::move(text).error());
  constexpr std::string_view kWord = "counter packets ";
  std::uint64_t all = 0;
  for (auto at = text->find(kWord); at != std::string::npos; at = text->find(kWord, at + 1)) {
    std::uint64_t packets = 0;
    std::from_chars(text->data() + at + kWord.size(), text->data() + text->size(), packets);
    all += packets;
  }
  return all;
}

std::expected<std::string, Failure> SteeringTable::list_set(std::string_view set) {
  return list(
      {"nft", "list", "set", std::string(nft_family(family_)), std::string(kNftTable), std::string(set)});
}

std::expected<std::string, Failure> SteeringTable::list_table() {
  return list(listing());
}

void SteeringTable::begin_listing(ReadAhead& ahead) const {
  ahead.begin(listing());
}

std::vector<std::string> SteeringTable::listing() const {
  // -s: no counts; -t: not what the sets hold.
  return {"nft", "-s", "-t", "list", "table", std::string(nft_family(family_)), std::string(kNftTable)};
}

std::expected<std::string, Failure> SteeringTable::list(const std::vector<std::string>& argv) {
  auto result = commands_.run(argv, {});
  if (!result) return std::unexpected(Failure{.what = std::move(result).error()});
  if (result->status == 0) return std::move(result->out);
  if (result->error.contains(kAbsent)) return {};
  return std::unexpected(failure("nft list", *result));
}

}  // namespace nld::net
