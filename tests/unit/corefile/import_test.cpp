// Snippets, files and globs in place of `import` lines.
#include <gtest/gtest.h>

#include "corefile/limits.hpp"
#include "world.hpp"

namespace nld::corefile {
namespace {

using test::World;

TEST(Snippets, StandWhereTheyAreImported) {
  const World world;
  EXPECT_EQ(world.outline("(common) {\n errors\n cache 30 {\n  prefetch 1\n }\n}\n"
                          ". {\n log\n import common\n whoami\n}\na {\n import common\n}"),
            ".{log;errors;cache(30){prefetch(1)};whoami} a{errors;cache(30){prefetch(1)}}");
  EXPECT_EQ(world.outline(
                "(opts) {\n max_fails 3\n}\n. {\n forward . 1.1.1.1 {\n  import opts\n  force_tcp\n }\n}"),
            ".{forward(.|1.1.1.1){max_fails(3);force_tcp}}");
  EXPECT_EQ(world.outline("(a) {\n x\n}\n(b) {\n import a\n y\n}\n. {\n import b\n}"), ".{x;y}");
  EXPECT_EQ(world.outline("(one) { x 1 }\n. {\n a 2\n import one\n}"), ".{a(2);x(1)}");
  EXPECT_EQ(world.outline("(none) {\n}\n. {\n import none\n b\n}"), ".{b}");
}

TEST(Snippets, ReadTheEnvironmentWhereTheyAreUsed) {
  const World world{.environment = {{"NAME", "s"}, {"IP", "1.2.3.4"}}, .files = {}, .globs = {}};
  EXPECT_EQ(world.outline("(s) {\n bind {$IP}\n}\n. {\n import {$NAME}\n}"), ".{bind(1.2.3.4)}");
}

TEST(Snippets, Errors) {
  const World world;
  EXPECT_EQ(world.outline("(s) {\n x\n}\n(s) {\n}\n"), "Corefile:4: snippet 's' is defined twice");
  EXPECT_EQ(world.outline("(s)\nx"), "Corefile:1: snippet '(s)': expected '{'");
  EXPECT_EQ(world.outline("() {\n}"), "Corefile:1: snippet without a name: expected '(name) {'");
  EXPECT_EQ(world.outline("(s) {\n x {\n }\n"), "Corefile:1: the block of '(s)' has no end: expected '}'");
  EXPECT_EQ(world.outline("(s) {\n import s\n}\n. {\n import s\n}"), "Corefile:2: import cycle: (s) -> (s)");
  EXPECT_EQ(world.outline(". {\n import later\n}\n(later) {\n}"),
            "Corefile:2: cannot import 'later': No such file or directory");
}

TEST(Imports, FilesBesideTheImportingOne) {
  const World world{.environment = {},
                    .files = {{"/etc/dns/extra/zones.conf", "a {\n import ../opts.conf\n}\n"},
                              {"/etc/dns/opts.conf", "errors\ncache 5"},
                              {"/abs.conf", "log"}},
                    .globs = {}};
  const auto syntax = world.parse("import extra/zones.conf\n. {\n import opts.conf\n import /abs.conf\n}",
                                  "/etc/dns/Corefile");
  ASSERT_TRUE(syntax.has_value()) << syntax.error().to_string();
  ASSERT_EQ(syntax->blocks.size(), 2U);
  EXPECT_EQ(syntax->blocks[0].directives.at(1).where().file, "/etc/dns/opts.conf");
  EXPECT_EQ(syntax->blocks[0].directives.at(1).where().line, 2U);
  EXPECT_EQ(syntax->blocks[1].directives.at(2).name.text, "log");
  const std::vector<std::filesystem::path> files = {"/etc/dns/Corefile", "/etc/dns/extra/zones.conf",
                                                    "/etc/dns/opts.conf", "/abs.conf"};
  EXPECT_EQ(syntax->files, files) << "each once, the main file first";
  EXPECT_TRUE(syntax->globs.empty());
}

TEST(Imports, GlobsMatchManyOrNone) {
  const World world{.environment = {},
                    .files = {{"/c/1.override", "a 1\n"}, {"/c/2.override", "b 2"}},
                    .globs = {{"/c/*.override", {"/c/1.override", "/c/2.override"}}}};
  const auto syntax = world.parse(". {\n import *.override\n c\n}\nimport *.server\n", "/c/Corefile");
  ASSERT_TRUE(syntax.has_value()) << syntax.error().to_string();
  ASSERT_EQ(syntax->blocks.size(), 1U);
  EXPECT_EQ(syntax->blocks[0].directives.size(), 3U);
  EXPECT_EQ(syntax->globs, (std::vector<std::string>{"/c/*.override", "/c/*.server"}));
  EXPECT_EQ(syntax->files.size(), 3U);
}

TEST(Imports, MayGiveKeysAndTheEndOfTheFile) {
  const World world{.environment = {},
                    .files = {{"keys", "b, c"}, {"all", ". {\n errors\n}"}, {"empty", "# x\n"}},
                    .globs = {}};
  EXPECT_EQ(world.outline("a,\nimport keys\n{\n}"), "a|b|c{}");
  EXPECT_EQ(world.outline("import all"), ".{errors}");
  EXPECT_EQ(world.outline("import empty"), "");
  EXPECT_EQ(world.outline("import empty\nimport empty\n. {\n import empty\n}\nimport empty"), ".{}");
}

TEST(Imports, Errors) {
  const World world{.environment = {},
                    .files = {{"bad", ". {\n\n log \"x\n"},
                              {"a", "import b\n"},
                              {"b", "\nimport sub/../a\n"},
                              {"open", "x {\n"},
                              {"self", "import self"}},
                    .globs = {{"s*", {"self"}}}};
  const std::pair<std::string_view, std::string_view> cases[] = {
      {". {\n import\n}", "Corefile:2: import: expected the name of a snippet, a file or a glob"},
      {". {\n import {\n }\n}", "Corefile:2: import: expected the name of a snippet, a file or a glob"},
      {"import", "Corefile:1: import: expected the name of a snippet, a file or a glob"},
      {"import {$NONE}",
       "Corefile:1: import: expected the name of a snippet, a file or a glob, found an empty word"},
      {"import a b", "Corefile:1: import takes one argument, found 'b' after 'a'"},
      {"import a {\n}", "Corefile:1: import takes one argument, found '{' after 'a'"},
      {"import no/such", "Corefile:1: cannot import 'no/such': No such file or directory"},
      {"import bad", "bad:3: quoted string without an end: expected a closing '\"'"},
      {"import a", "b:2: import cycle: a -> b -> a"},
      {"import s*", "self:1: import cycle: self -> self"},
      {". {\n import Corefile\n}", "Corefile:2: import cycle: Corefile -> Corefile"},
      {"import */*", "Corefile:1: import '*/*': a glob may have one '*' and one '?', and no '[ ]'"},
      {"import [ab]", "Corefile:1: import '[ab]': a glob may have one '*' and one '?', and no '[ ]'"},
      {". {\n import open\n}", "Corefile:1: the block of '.' has no end: expected '}'"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(world.outline(text), error) << text;
}

TEST(Imports, TheSameFileTwiceIsNoCycle) {
  const World world{.environment = {}, .files = {{"x", "errors\n"}}, .globs = {{"x*", {"x", "x"}}}};
  EXPECT_EQ(world.outline(". {\n import x\n import x\n}"), ".{errors;errors}");
  EXPECT_EQ(world.outline("(s) {\n import x\n}\n. {\n import s\n import s\n import x*\n}"),
            ".{errors;errors;errors;errors}");
}

TEST(Imports, AreBounded) {
  World world;
  for (std::size_t depth = 0; depth < 40; ++depth) {
    world.files["f" + std::to_string(depth)] = "import f" + std::to_string(depth + 1);
  }
  EXPECT_EQ(world.outline("import f0"), "f31:1: imports nest more than 32 deep");
  world.files["f32"] = "#";
  EXPECT_EQ(world.outline("import f1"), "");

  // Each snippet doubles the one before: 2^40 lines, did nothing stop it.
  std::string text = "(s0) {\n x\n}\n";
  for (std::size_t level = 1; level <= 30; ++level) {
    const std::string inner = "import s" + std::to_string(level - 1) + "\n";
    text += "(s" + std::to_string(level) + ") {\n" + inner + inner + "}\n";
  }
  EXPECT_TRUE(world.outline(text + ". {\n import s30\n}").ends_with("more than 1000 imports"));

  world.files["large"] = std::string(kMaxFileSize, '\n');
  std::string many;
  for (std::size_t count = 0; count < 10; ++count) many += "import large\n";
  EXPECT_EQ(world.outline(many), "Corefile:4: imports read more than 64 MiB");
}

}  // namespace
}  // namespace nld::corefile
