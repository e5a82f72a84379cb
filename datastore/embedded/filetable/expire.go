package filetable

import (
	"maps"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Expire deletes the items of all tables in use whose time has come, and tells who
// watches; it reports whether there were any. DynamoDB does so within days, without
// being asked. Handles leave such items out in any case.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
func (d *Driver) Expire() bool {
	d.mu.Lock()
	tables := slices.Collect(maps.Values(d.tables))
	d.mu.Unlock()
	any := false
	for _, e := range tables {
		any = e.expire() || any
	}
	return any
}

// expire deletes what has expired, in the journal too. What the disk does not take is
// left for the next time.
func (e *engine) expire() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.driver.broken() != nil {
		return false
	}
	deleted := false
	for _, key := range e.expired() {
		c := change{engine: e, key: key, expired: true}
		if c.append() != nil {
			break
		}
		c.apply()
		deleted = true
	}
	return deleted
}

// purge deletes what has expired from memory, for a journal that is written anew.
func (e *engine) purge() {
	for _, key := range e.expired() {
		change{engine: e, key: key, expired: true}.apply()
	}
}

// expired are the keys of the items whose time has come.
func (e *engine) expired() (keys []table.Item) {
	if e.spec.TTL == "" {
		return nil
	}
	now := e.now()
	for _, rows := range e.items.partitions {
		for _, r := range rows {
			if e.spec.Expired(r.item, now) {
				keys = append(keys, e.spec.KeyOf(r.item))
			}
		}
	}
	return keys
}
