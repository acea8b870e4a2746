// SPDX-License-Identifier: Apache-2.0
// What queues keep their items in: nodes that the one who puts makes and the one who gets frees, both outside the
// queue's lock. Under the lock they are only linked, so that no code of the user's and no allocation runs there; but
// for heap_items, which has to compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "charkha/detail/frame_pool.hpp"

namespace charkha::detail {

template <class T, class Links>
struct queue_node : Links {
  template <class Value>
  explicit queue_node(std::in_place_t, Value&& of) : value(std::forward<Value>(of)) {}

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* node, std::size_t size) noexcept { deallocate_frame(node, size); }
  static void* operator new(std::size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }
  static void operator delete(void* node, std::size_t /*size*/, std::align_val_t alignment) noexcept {
    ::operator delete(node, alignment);
  }

  T value;
};

struct chain_links {
  void* next = nullptr;
};

struct heap_links {
  void* left = nullptr;
  void* right = nullptr;
  std::uint64_t order = 0;  // of arrival
  unsigned rank = 1;        // 1 + the rank of the right subtree
};

/// A chain of nodes; frees what is left in it.
template <class T>
class item_chain {
 public:
  using node = queue_node<T, chain_links>;
  using item = std::unique_ptr<node>;
  using remains = item_chain;

  item_chain() noexcept = default;
  ~item_chain() {
    while (first_ != nullptr) static_cast<void>(pop());
  }
  item_chain(const item_chain&) = delete;
  item_chain& operator=(const item_chain&) = delete;

  /// Not when it is empty.
  [[nodiscard]] item pop() noexcept {
    node* const first = std::exchange(first_, static_cast<node*>(first_->next));
    return item(first);
  }
  /// All items, to one that is empty.
  void take_all(item_chain& into) noexcept {
    std::swap(first_, into.first_);
    std::swap(last_, into.last_);
  }

 protected:
  void push_front(item added) noexcept {
    added->next = first_;
    if (first_ == nullptr) last_ = added.get();
    first_ = added.release();
  }
  void push_back(item added) noexcept {
    added->next = nullptr;
    node* const newest = added.release();
    if (first_ == nullptr) {
      first_ = newest;
    } else {
      last_->next = newest;
    }
    last_ = newest;
  }

 private:
  node* first_ = nullptr;
  node* last_ = nullptr;  // meaningless when it is empty
};

/// First in, first out.
template <class T>
class fifo_items final : public item_chain<T> {
 public:
  void push(typename item_chain<T>::item added) noexcept { this->push_back(std::move(added)); }
};

/// Last in, first out.
template <class T>
class lifo_items final : public item_chain<T> {
 public:
  void push(typename item_chain<T>::item added) noexcept { this->push_front(std::move(added)); }
};

/// The nodes of a heap; frees what is left in it.
template <class T>
struct item_tree {
  using node = queue_node<T, heap_links>;

  item_tree() noexcept = default;
  ~item_tree() {
    while (root != nullptr) {  // without recursion: left subtrees are turned up until there is none
      if (node* const left = left_of(*root)) {
        root->left = left->right;
        left->right = root;
        root = left;
      } else {
        const std::unique_ptr<node> least(std::exchange(root, right_of(*root)));
      }
    }
  }
  item_tree(const item_tree&) = delete;
  item_tree& operator=(const item_tree&) = delete;

  static node* left_of(const node& of) noexcept { return static_cast<node*>(of.left); }
  static node* right_of(const node& of) noexcept { return static_cast<node*>(of.right); }

  node* root = nullptr;
};

/// The least first, the oldest of equal ones first: a leftist heap. The right spine of each subtree is its shortest, and
/// no longer than the logarithm of its size, so pushing and popping take that many comparisons at worst.
template <class T, class Compare>
class heap_items final {
 public:
  using remains = item_tree<T>;
  using node = typename remains::node;
  using item = std::unique_ptr<node>;

  explicit heap_items(Compare compare) : compare_(std::move(compare)) {}

  void push(item added) noexcept {
    added->order = next_order_++;
    tree_.root = merge(tree_.root, added.release());
  }
  /// Not when it is empty.
  [[nodiscard]] item pop() noexcept {
    item least(tree_.root);
    tree_.root = merge(remains::left_of(*least), remains::right_of(*least));
    return least;
  }
  /// All items, to one that is empty.
  void take_all(remains& into) noexcept { std::swap(tree_.root, into.root); }

 private:
  static unsigned rank_of(const void* of) noexcept { return of == nullptr ? 0 : static_cast<const node*>(of)->rank; }

  [[nodiscard]] bool precedes(const node& a, const node& b) const {
    return a.order > b.order ? compare_(a.value, b.value) : !compare_(b.value, a.value);
  }

  [[nodiscard]] node* merge(node* a, node* b) const {
    node* spine[128];  // two right spines of at most 64
    std::size_t length = 0;
    while (a != nullptr && b != nullptr) {
      if (precedes(*b, *a)) std::swap(a, b);
      spine[length++] = a;
      a = remains::right_of(*a);
    }
    node* merged = a != nullptr ? a : b;
    while (length > 0) {
      node* const top = spine[--length];
      top->right = merged;
      if (rank_of(top->left) < rank_of(top->right)) std::swap(top->left, top->right);
      top->rank = rank_of(top->right) + 1;
      merged = top;
    }
    return merged;
  }

  [[no_unique_address]] Compare compare_;
  remains tree_;
  std::uint64_t next_order_ = 0;
};

}  // namespace charkha::detail
