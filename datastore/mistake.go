package datastore

// Mistake collects mistakes in what is said about a store after it was declared,
// such as its scope, like those of [Data.Declare]: with the application's line,
// for [Data.Errs], and returned joined.
func (d *Data) Mistake(errs ...error) error {
	at := Caller()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.collect(at, errs)
}
