// Several processes of one server.
#pragma once

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace bench {

/// Goes on as that many processes; returns the number of this one, from 0. The others end with the first.
inline int become(int processes) {
  for (int other = 1; other < processes; ++other) {
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      return other;
    }
  }
  return 0;
}

}  // namespace bench
