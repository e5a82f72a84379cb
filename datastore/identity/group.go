package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// setGroups adds and removes what differs. It reads first, so that where nothing
// differs nothing is changed, and so that it can be done again.
func setGroups(ctx context.Context, conn Conn, name string, groups []string) error {
	has, err := conn.Groups(ctx, name)
	if err != nil {
		return unchanged(err)
	}
	for _, group := range groups {
		if !slices.Contains(has, group) {
			if err := conn.AddToGroup(ctx, name, group); err != nil {
				return err
			}
			has = append(has, group)
		}
	}
	for _, group := range has {
		if !slices.Contains(groups, group) {
			if err := conn.RemoveFromGroup(ctx, name, group); err != nil {
				return err
			}
		}
	}
	return nil
}

// unchanged is an error of a read before a write: nothing was changed, so that one
// that is no store's leaves no doubt of it.
func unchanged(err error) error {
	if _, own := errors.AsType[*datastore.Error](err); own {
		return err
	}
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}
