// Properties of a repair over thousands of disordered tables: ours as wanted, others' untouched, done once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/net/iptables/kernel_model.hpp"
#include "unit/net/iptables/random_table.hpp"

namespace nld::net {
namespace {

constexpr std::uint32_t kTables = 2000;

TEST(RepairProperty, OursAsWantedAndTheRestUntouched) {
  std::size_t repaired = 0;
  for (std::uint32_t seed = 0; seed < kTables; ++seed) {
    const auto [wanted, saved] = TableMaker(seed).make();
    const RepairPlan plan = plan_repair(wanted, "nat", saved);
    KernelModel kernel(saved);
    if (!plan.input.empty()) {
      const auto done = kernel.restore(plan.input);
      ASSERT_TRUE(done) << "seed " << seed << ", at " << done.error() << " of\n" << plan.input;
      ++repaired;
    }
    ASSERT_EQ(plan.input.empty(), plan.repairs.empty());
    ASSERT_EQ(kernel.table().chains.at("NODE-LOCAL-DNS"), wanted.chains.front().rules) << plan.input;
    for (const auto& [name, rules] : saved.chains) {
      if (name == kChainName) continue;
      const auto ours = wanted_in(wanted, name);
      const auto& after = kernel.table().chains.at(name);
      ASSERT_EQ(kept(after, ours, true), ours) << "seed " << seed << ", chain " << name << "\n" << plan.input;
      ASSERT_EQ(kept(after, ours, false), kept(rules, ours, false))
          << "seed " << seed << ", chain " << name << "\n"
          << plan.input;
    }
    const RepairPlan again = plan_repair(wanted, "nat", kernel.table());
    ASSERT_EQ(again.input, "") << "seed " << seed << ", after\n" << plan.input;
  }
  EXPECT_GT(repaired, kTables / 2);
}

TEST(RepairProperty, RemovalLeavesOthersAsTheyWere) {
  for (std::uint32_t seed = 0; seed < kTables; ++seed) {
    const auto [known, saved] = TableMaker(seed).make();
    KernelModel kernel(saved);
    const RepairPlan plan = plan_removal(known, "nat", saved);
    const auto done = kernel.restore(plan.input);
    ASSERT_TRUE(done) << "seed " << seed << ", at " << done.error() << " of\n" << plan.input;
    ASSERT_FALSE(kernel.table().chains.contains(kChainName));
    for (const auto& [name, rules] : kernel.table().chains) {
      ASSERT_EQ(rules, kept(saved.chains.at(name), wanted_in(known, name), false))
          << "seed " << seed << ", chain " << name << "\n"
          << plan.input;
    }
    ASSERT_EQ(kernel.table().chains.size() + 1, saved.chains.size());
    ASSERT_EQ(plan_removal(known, "nat", kernel.table()).input, "");
  }
}

// From any set to any other, as when kube-proxy's mode or the addresses change.
TEST(RepairProperty, WhatWasAppliedBeforeGoes) {
  for (std::uint32_t seed = 0; seed < kTables; ++seed) {
    const auto [former, saved] = TableMaker(seed).make();
    const RuleSet wanted = TableMaker(seed + kTables).make().wanted;
    KernelModel kernel(saved);
    const RepairPlan first = plan_repair(former, "nat", saved);
    ASSERT_TRUE(first.input.empty() || kernel.restore(first.input)) << "seed " << seed;
    const SavedTable before = kernel.table();
    const RepairPlan second = plan_repair(wanted, "nat", before, former);
    ASSERT_TRUE(second.input.empty() || kernel.restore(second.input)) << "seed " << seed << second.input;
    for (const auto& [name, rules] : kernel.table().chains) {
      if (name == kChainName) continue;
      auto ours = wanted_in(wanted, name);
      ASSERT_EQ(kept(rules, ours, true), ours) << "seed " << seed << "\n" << second.input;
      std::ranges::copy(wanted_in(former, name), std::back_inserter(ours));
      ASSERT_EQ(kept(rules, ours, false), kept(before.chains.at(name), ours, false)) << "seed " << seed;
      ASSERT_EQ(kept(rules, ours, true), wanted_in(wanted, name)) << "seed " << seed << "\n" << second.input;
    }
  }
}

}  // namespace
}  // namespace nld::net
