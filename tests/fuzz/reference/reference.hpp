// SPDX-License-Identifier: Apache-2.0
// asyncio's rules once more, as plainly as they can be written: one thread, one queue of calls, no reuse of anything of
// charkha's. What a program does here is what it has to do on one worker. It deviates from CPython where charkha does:
// - a queue promises an item or a slot to whoever waits: nobody barges in;
// - a lock that is released goes past a waiter that was cancelled and has not had its turn since;
// - a request that a task has not seen yet when it enters a time-out or a group is somebody else's for that scope;
// - a group's errors come before a request of others, which comes at the next suspension, also if the body had failed.
#pragma once

#include "fuzz/reference/combining.hpp"
#include "fuzz/reference/future.hpp"
#include "fuzz/reference/loop.hpp"
#include "fuzz/reference/primitives.hpp"
#include "fuzz/reference/scopes.hpp"
#include "fuzz/reference/task.hpp"
