// SPDX-License-Identifier: Apache-2.0
// What a task waits for, in words, read from outside while the task may go on at any moment.
#pragma once

#include <string>

namespace charkha::detail {

class known_tasks;
class task_core;

/// "sleep", "task NAME", "gather", ...: what the task is suspended in, from wait_operation::describe(), with the name of
/// the task if it awaits a single one. "lock held by NAME" if the holder of what it waits for is known; "lock held by
/// NAME, which has ended" if that took it and did not release it, `Task-N` if nobody keeps the holder's name. "running"
/// if it is not suspended: it runs, is ready to run, or is done. "cancelled" if it waits and is about to be resumed by a
/// cancel request.
///
/// The caller keeps the task alive. Holds the task while it reads (hold_to_look), so that its frame stays; allocates
/// nothing meanwhile, and cuts descriptions of more than 63 bytes. From any thread, with nothing locked.
[[nodiscard]] std::string describe_wait(task_core& task);
/// The same for one of many tasks of a runtime. Tasks that are looked for are added to those that are known.
[[nodiscard]] std::string describe_wait(task_core& task, known_tasks& known);

/// The same of a task that the caller holds (task_state::hold_to_look); lets it go. The hold keeps it alive.
[[nodiscard]] std::string describe_held_wait(task_core& task);

}  // namespace charkha::detail
