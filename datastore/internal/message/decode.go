package message

import "github.com/seed-18e8afb5/tierkit/datastore"

// Decoder makes a message of type T of a record: the counterpart of [Encode]. It
// is nil for messages that are JSON.
func Decoder[T any]() func(r *datastore.Record, v *T) error {
	var none T
	switch any(&none).(type) {
	case *[]byte:
		return func(r *datastore.Record, v *T) error {
			*any(v).(*[]byte) = r.Data
			return nil
		}
	case *string:
		return func(r *datastore.Record, v *T) error {
			*any(v).(*string) = string(r.Data)
			return nil
		}
	}
	return nil
}
