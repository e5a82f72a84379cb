package memorycache

import (
	"container/list"
	"sync"
	"time"
)

// engine has entries by their keys, and in the order in which they were used.
type engine struct {
	max int // bytes

	mu      sync.Mutex
	entries map[string]*list.Element // of *entry
	used    list.List                // the last used in front
	bytes   int
}

// entry is a value or a lock.
type entry struct {
	key   string
	value []byte
	ends  time.Time // zero: until it is evicted
	lock  lock
}

// lock is who holds a lock, and the fence of the last one.
type lock struct {
	token string    // "" if it is free
	until time.Time // when it becomes free by itself
	fence int64
}

// overhead is about what an entry takes beside its key and its value.
const overhead = 160

func (e *entry) size() int { return len(e.key) + len(e.value) + overhead }

func newEngine(maxBytes int) *engine {
	return &engine{max: maxBytes, entries: map[string]*list.Element{}}
}

// do runs f alone, with a view of the entries at the time now.
func (e *engine) do(now time.Time, f func(view)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(view{e, now})
}

// view is the engine while it is locked.
type view struct {
	*engine
	now time.Time
}

// get is the entry of key, nil if there is none or it has expired.
func (v view) get(key string) *entry {
	el := v.entries[key]
	if el == nil {
		return nil
	}
	found := el.Value.(*entry)
	if !found.ends.IsZero() && !v.now.Before(found.ends) {
		v.remove(el)
		return nil
	}
	v.used.MoveToFront(el)
	return found
}

// put keeps an entry in place of the one of its key, and evicts others if there
// are too many. One that is too large by itself is not kept.
func (v view) put(e entry) {
	if el := v.entries[e.key]; el != nil {
		v.remove(el)
	}
	if e.size() > v.max {
		return
	}
	v.entries[e.key] = v.used.PushFront(&e)
	v.bytes += e.size()
	for v.bytes > v.max {
		v.remove(v.used.Back())
	}
}

func (v view) delete(key string) {
	if el := v.entries[key]; el != nil {
		v.remove(el)
	}
}

func (v view) remove(el *list.Element) {
	gone := v.used.Remove(el).(*entry)
	delete(v.entries, gone.key)
	v.bytes -= gone.size()
}

// ends is when something of that ttl ends; 0 is never.
func (v view) ends(ttl time.Duration) time.Time {
	if ttl == 0 {
		return time.Time{}
	}
	return v.now.Add(ttl)
}
