// Rules as words: what counts as the same, and where a rule leads.
#include "net/iptables/rule_spec.hpp"

#include <gtest/gtest.h>

namespace nld::net {
namespace {

TEST(RuleSpec, SpellingsOfTheSameRule) {
  const std::string form = normal_form("-d 169.254.20.10/32 -p udp -m udp --dport 53 -j NOTRACK");
  EXPECT_EQ(normal_form("-d 169.254.20.10/32 -p udp -m udp --dport 53 -j CT --notrack"), form);
  EXPECT_EQ(normal_form("-d 169.254.20.10 -p udp  -m udp --dport 53 -j NOTRACK "), form);
  EXPECT_EQ(normal_form("-s fd00::10/128 -j RETURN"), normal_form("-s fd00::10 -j RETURN"));
  EXPECT_EQ(normal_form("-m comment --comment \"one\" -j RETURN"),
            normal_form("-m comment --comment one -j RETURN"));
}

TEST(RuleSpec, DifferentRulesStayDifferent) {
  EXPECT_NE(normal_form("-d 169.254.20.10/31 -j RETURN"), normal_form("-d 169.254.20.10/32 -j RETURN"));
  EXPECT_NE(normal_form("! -d 169.254.20.10/32 -j RETURN"), normal_form("-d 169.254.20.10/32 -j RETURN"));
  EXPECT_NE(normal_form("-s fd00::/32 -j RETURN"), normal_form("-s fd00:: -j RETURN"));
  EXPECT_NE(normal_form("-j CT --notrack --zone 1"), normal_form("-j NOTRACK"));
  EXPECT_NE(normal_form("-m comment --comment \"a b\" -j RETURN"),
            normal_form("-m comment --comment a b -j RETURN"));
  EXPECT_NE(normal_form("-m comment --comment \"-d\" -s 1.2.3.4/32"),
            normal_form("-m comment --comment \"-d\" -s 1.2.3.4/31"));
}

TEST(RuleSpec, TextIsNotTakenForAnAddress) {
  EXPECT_NE(normal_form("-m comment --comment -d 1.2.3.4/32 -j RETURN"),
            normal_form("-m comment --comment -d 1.2.3.4 -j RETURN"));
}

TEST(RuleSpec, WhereItLeads) {
  EXPECT_EQ(jump_target("-d 169.254.20.10/32 -p udp -j NODE-LOCAL-DNS"), "NODE-LOCAL-DNS");
  EXPECT_EQ(jump_target("-g NODE-LOCAL-DNS"), "NODE-LOCAL-DNS");
  EXPECT_EQ(jump_target("-j DNAT --to-destination [fd00::53]:53"), "DNAT");
  EXPECT_EQ(jump_target("-s 1.2.3.4/32"), "");
  EXPECT_EQ(jump_target(""), "");
  EXPECT_EQ(jump_target("-j"), "");
}

// iptables-save prints such a comment without quotes.
TEST(RuleSpec, TextIsNotTakenForAJump) {
  EXPECT_EQ(jump_target("-m comment --comment -j -j RETURN"), "RETURN");
  EXPECT_EQ(jump_target("-m comment --comment \"-j NODE-LOCAL-DNS\" -j RETURN"), "RETURN");
  EXPECT_EQ(jump_target("-m comment --comment \"say \\\"-j X\\\"\" -j RETURN"), "RETURN");
  EXPECT_EQ(jump_target("-j LOG --log-prefix -j"), "LOG");
}

}  // namespace
}  // namespace nld::net
