// The table of a hosts file, and the file that changes.
#include "plugins/hosts/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "plugins/hosts/file.hpp"
#include "runtime/captured_log.hpp"
#include "runtime/manual_clock.hpp"

namespace nld::plugins {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

dns::Name name_of(std::string_view text) {
  return *dns::Name::from_text(text);
}

std::vector<std::string> addresses(const HostsTable& table, std::string_view name, bool v6 = false) {
  std::vector<std::string> out;
  const dns::Name wanted = name_of(name);
  const HostsTable::Host* host = table.find(wanted.wire());
  if (host == nullptr) return {"none"};
  table.addresses(v6 ? host->v6 : host->v4, [&](const HostAddress& address) {
    std::string text;
    for (const std::uint8_t octet : address.rdata()) text += std::to_string(octet) + ".";
    out.push_back(text);
    return true;
  });
  return out;
}

std::vector<std::string> names(const HostsTable& table, std::string_view reverse) {
  std::vector<std::string> out;
  const dns::Name wanted = name_of(reverse);
  const auto address = reverse_address(wanted.wire());
  if (!address) return {"no address"};
  table.names(table.find(*address), [&](dns::NameView name) {
    out.push_back(dns::to_text(name));
    return true;
  });
  return out;
}

const std::vector<dns::Name> kEverything{dns::Name{}};
constexpr std::string_view kFile =
    "# a comment\r\n127.0.0.1 localhost localhost.domain # more\n::1\tlocalhost\n10.0.0.1 Example.ORG\r\n"
    "::FFFF:10.0.0.2 example.com\n10.0.0.3 example.org\nreload 5s\n10.0.0.4\n10.0.0.9 a..b good.test\n"
    "fe80::2%eth0 scoped.test\n10.0.0.5 *.apps.test\n10.0.0.6 a.apps.test";

TEST(HostsTable, KnowsNamesInTheOrderOfTheFile) {
  HostsTable table;
  table.add(kFile, kEverything, true);
  EXPECT_THAT(addresses(table, "eXample.org"), ElementsAre("10.0.0.1.", "10.0.0.3."));
  EXPECT_THAT(addresses(table, "example.org", true), IsEmpty());
  EXPECT_THAT(addresses(table, "localhost", true), ElementsAre("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1."));
  EXPECT_THAT(addresses(table, "example.com"), ElementsAre("10.0.0.2.")) << "mapped addresses are IPv4";
  EXPECT_THAT(addresses(table, "good.test"), ElementsAre("10.0.0.9.")) << "beside a name that is none";
  EXPECT_EQ(table.find(name_of("missing.test").wire()), nullptr);
  EXPECT_NE(table.find(name_of("scoped.test").wire()), nullptr);
  table.add("10.0.0.7 example.org", kEverything, true);
  EXPECT_THAT(addresses(table, "example.org"), ElementsAre("10.0.0.1.", "10.0.0.3.", "10.0.0.7."));
}

TEST(HostsTable, KnowsAddresses) {
  HostsTable table;
  table.add(kFile, kEverything, true);
  EXPECT_THAT(names(table, "1.0.0.127.in-addr.arpa"), ElementsAre("localhost.", "localhost.domain."));
  EXPECT_THAT(names(table, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.IP6.arpa"),
              ElementsAre("localhost."));
  EXPECT_THAT(names(table, "5.0.0.10.in-addr.arpa"), IsEmpty()) << "wildcards have no PTR";
  EXPECT_THAT(names(table, "8.0.0.10.in-addr.arpa"), IsEmpty());
  for (const char* none : {"0.0.127.in-addr.arpa", "1.1.0.0.127.in-addr.arpa", "256.0.0.127.in-addr.arpa",
                           "01.0.0.127.in-addr.arpa", "x.0.0.127.in-addr.arpa", "in-addr.arpa", "1.ip6.arpa",
                           "example.org", "."}) {
    EXPECT_THAT(names(table, none), ElementsAre("no address")) << none;
  }
}

TEST(HostsTable, CountsAndLeavesOutWhatIsNotWanted) {
  HostsTable all;
  all.add("10.0.0.1 a.test b.test *.c.test", kEverything, true);
  EXPECT_EQ(all.entries(), 5U);
  HostsTable some;
  some.add("10.0.0.1 a.test b.test", std::vector{name_of("b.test")}, false);
  EXPECT_EQ(some.entries(), 1U);
  EXPECT_EQ(some.find(name_of("a.test").wire()), nullptr);
  EXPECT_THAT(names(some, "1.0.0.10.in-addr.arpa"), IsEmpty());
}

TEST(HostsTable, WildcardsStandForOneLabel) {
  HostsTable table;
  table.add(kFile, kEverything, true);
  EXPECT_THAT(addresses(table, "x.APPS.test"), ElementsAre("10.0.0.5."));
  EXPECT_THAT(addresses(table, "a.apps.test"), ElementsAre("10.0.0.6."));
  EXPECT_THAT(addresses(table, "a.apps.test", true), IsEmpty());
  EXPECT_THAT(addresses(table, "*.apps.test"), ElementsAre("10.0.0.5."));
  EXPECT_THAT(addresses(table, "apps.test"), ElementsAre("none"));
  EXPECT_THAT(addresses(table, "deep.x.apps.test"), ElementsAre("none"));
}

/// 100,000 entries in under a second: the brief's figure, with room for a slow build.
TEST(HostsTable, TakesALongList) {
  std::string text;
  for (int number = 0; number < 100'000; ++number) {
    text += "0.0.0.0 ads" + std::to_string(number) + ".tracker.example.org\n";
  }
  const auto begin = std::chrono::steady_clock::now();
  HostsTable table;
  table.add(text, kEverything, true);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(table.entries(), 200'000U);
  EXPECT_THAT(addresses(table, "ads99999.tracker.example.org"), ElementsAre("0.0.0.0."));
}

class ChangingFile : public testing::Test {
 protected:
  ChangingFile() : path_(std::filesystem::temp_directory_path() / ("nld-hosts-" + std::to_string(getpid()))) {
    config_.path = path_;
    config_.zones = kEverything;
    config_.lines = "10.9.9.9 inline.test\n";
  }
  ~ChangingFile() override { std::filesystem::remove(path_); }
  void write(const std::string& text) {
    std::ofstream(path_) << text;
    // As a clock that ticks: the same second must not hide a change of equal size.
    std::filesystem::last_write_time(path_, std::filesystem::file_time_type(std::chrono::seconds(++time_)));
  }
  std::filesystem::path path_;
  HostsConfig config_;
  int time_ = 1000;
};

TEST_F(ChangingFile, IsReadAgainWhenItChanges) {
  write("10.0.0.1 a.test\n");
  HostsFile file(config_);
  EXPECT_THAT(addresses(*file.table(), "a.test"), ElementsAre("10.0.0.1."));
  EXPECT_THAT(addresses(*file.table(), "inline.test"), ElementsAre("10.9.9.9."));
  const auto version = file.version();
  EXPECT_FALSE(file.refresh());
  EXPECT_EQ(file.version(), version);
  write("10.0.0.2 a.test\n");
  EXPECT_TRUE(file.refresh());
  EXPECT_NE(file.version(), version);
  EXPECT_THAT(addresses(*file.table(), "a.test"), ElementsAre("10.0.0.2."));
  EXPECT_EQ(file.table()->entries(), 4U);
}

TEST_F(ChangingFile, GoneItKeepsItsEntries) {
  write("10.0.0.1 a.test\n");
  HostsFile file(config_);
  std::filesystem::remove(path_);
  EXPECT_FALSE(file.refresh());
  EXPECT_THAT(addresses(*file.table(), "a.test"), ElementsAre("10.0.0.1."));
  write("10.0.0.3 a.test\n");
  EXPECT_TRUE(file.refresh());
  EXPECT_THAT(addresses(*file.table(), "a.test"), ElementsAre("10.0.0.3."));
}

TEST_F(ChangingFile, MayComeLater) {
  const auto file = std::make_shared<HostsFile>(config_);
  EXPECT_THAT(addresses(*file->table(), "inline.test"), ElementsAre("10.9.9.9."));
  EXPECT_EQ(file->changed_at(), 0);
  runtime::ManualClock clock;
  runtime::CapturedLog log;
  const HostsWatch watch(file, clock, log);
  write("10.0.0.1 a.test\n");
  clock.advance(std::chrono::milliseconds(4999), [] {});
  EXPECT_THAT(addresses(*file->table(), "a.test"), ElementsAre("none"));
  clock.advance(std::chrono::milliseconds(1), [] {});
  EXPECT_THAT(addresses(*file->table(), "a.test"), ElementsAre("10.0.0.1."));
  write("10.0.0.2 a.test\n");
  clock.advance(std::chrono::seconds(5), [] {});
  EXPECT_THAT(addresses(*file->table(), "a.test"), ElementsAre("10.0.0.2."));
}

TEST_F(ChangingFile, ReloadOfZeroReadsItOnce) {
  write("10.0.0.1 a.test\n");
  config_.reload = std::chrono::milliseconds(0);
  const auto file = std::make_shared<HostsFile>(config_);
  runtime::ManualClock clock;
  runtime::CapturedLog log;
  const HostsWatch watch(file, clock, log);
  write("10.0.0.2 a.test\n");
  clock.advance(std::chrono::hours(1), [] {});
  EXPECT_THAT(addresses(*file->table(), "a.test"), ElementsAre("10.0.0.1."));
}

}  // namespace
}  // namespace nld::plugins
