// kube-proxy's chain names: two that every cluster has, and the shapes of Service ports.
#include <gtest/gtest.h>

#include "net/rules/rule_set.hpp"

namespace nld::net {
namespace {

TEST(ServiceChain, IsThatOfTheClusterDnsOfEveryCluster) {
  EXPECT_EQ(service_chain("kube-system", "kube-dns", "dns", "udp"), "KUBE-SVC-TCOU7JCQXEZGVUNU");
  EXPECT_EQ(service_chain("kube-system", "kube-dns", "dns-tcp", "tcp"), "KUBE-SVC-ERIFXISQEP7F7OF4");
}

// The Service of the API server, as every cluster has it too.
TEST(ServiceChain, IsThatOfTheApiServer) {
  EXPECT_EQ(service_chain("default", "kubernetes", "https", "tcp"), "KUBE-SVC-NPX46M4PTMTKRN6Y");
}

TEST(ServiceChain, DiffersByPortNameAndProtocol) {
  const std::string nameless = service_chain("a", "b", "", "udp");
  EXPECT_EQ(nameless.size(), std::string_view("KUBE-SVC-").size() + 16);
  // No colon without a name: the hash is of "a/budp".
  EXPECT_EQ(nameless, service_chain("a", "budp", "", ""));
  EXPECT_NE(nameless, service_chain("a", "b", "", "tcp"));
  EXPECT_NE(nameless, service_chain("a", "b", "dns", "udp"));
}

}  // namespace
}  // namespace nld::net
