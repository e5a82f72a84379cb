package table

import (
	"slices"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Spec says what a table is: its logical name, its primary key and its indexes,
// and to which part of it a store is narrowed. It is comparable.
type Spec struct {
	Logical string    // the name in the program: "orders"
	PK      Attribute // the partition key
	SK      Attribute // the sort key; the zero Attribute if there is none
	Indexes Indexes   // global and local ones
	TTL     string    // the attribute that says when an item expires, "" for none

	Key datastore.Spec // that items are encrypted with, nil for DynamoDB's own; see [EncryptedBy]

	Via   string          // narrowed to this index; "" for the table itself
	Owner datastore.Owner // narrowed to the rows of an owner; 0 for all
}

// Attribute is the name and the type of a key attribute.
type Attribute struct {
	Name string
	Type Type // S, N or B
}

var _ datastore.Encrypted = Spec{}

// Kind is "table".
func (s Spec) Kind() string { return "table" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// EncryptedBy is the Key.
func (s Spec) EncryptedBy() datastore.Spec { return s.Key }

// HasSK reports whether the table has a sort key.
func (s Spec) HasSK() bool { return s.SK.Name != "" }

// Primary is the table's own order as an [Index] without a name.
func (s Spec) Primary() Index { return Index{PK: s.PK, SK: s.SK} }

// Whole is the Spec of the table itself, without a scope.
func (s Spec) Whole() Spec {
	s.Via, s.Owner = "", 0
	return s
}

// actions of DynamoDB that each operation needs. Create and Put are PutItem with
// and without a condition. None is authorised by another one's action. Transact
// has none: what is in a transaction needs its own.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
var actions = map[string]string{
	"Get":       "GetItem",
	"GetMany":   "BatchGetItem",
	"Create":    "PutItem",
	"Put":       "PutItem",
	"Update":    "UpdateItem",
	"Delete":    "DeleteItem",
	"Query":     "Query",
	"WriteMany": "BatchWriteItem",
	"Check":     "ConditionCheckItem",
	"Scan":      "Scan",
}

// polling is what Lambda reads the stream of a table with. AWS's example has
// ListStreams too, on the stream, where it allows nothing.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html
var polling = []string{"DescribeStream", "GetRecords", "GetShardIterator"}

// Needs are the DynamoDB actions of ops on the table itself, or on the index that
// the store is narrowed to, and for [datastore.Receive] what Lambda reads the table's
// stream with. Both come with kms:Decrypt on the key through DynamoDB, if the table
// has one of its own: to write, DynamoDB decrypts the table's key as well.
func (s Spec) Needs(ops []string) []datastore.Need {
	var needs []datastore.Need
	if slices.Contains(ops, datastore.Receive) {
		needs = append(needs, datastore.Need{Service: "dynamodb", Polled: true, Resource: "table/{name}/stream/*",
			Actions: polling, Depends: datastore.KeyUse(s.Key, "Decrypt")})
	}
	var list []string
	for _, op := range ops {
		if a, ok := actions[op]; ok {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return needs
	}
	slices.Sort(list)
	resource := "table/{name}"
	if s.Via != "" {
		resource += "/index/" + s.Via
	}
	need := datastore.Need{
		Service:  "dynamodb",
		Actions:  slices.Compact(list),
		Resource: resource,
		Depends:  datastore.KeyUse(s.Key, "Decrypt"),
	}
	if s.Owner != 0 {
		need.Owner, need.Conditions = s.Owner, ownRows(s.Owner)
	}
	return append(needs, need)
}

// KeyOf is the part of item that is its primary key.
func (s Spec) KeyOf(item Attributes) Item {
	key := make(Item, 2)
	key[s.PK.Name], _ = item.Find(s.PK.Name)
	if s.HasSK() {
		key[s.SK.Name], _ = item.Find(s.SK.Name)
	}
	return key
}

// PlaceOf is the part of item that says where in the index x it is: the keys of
// the index and of the table.
func (s Spec) PlaceOf(x Index, item Item) Item {
	place := make(Item, 4)
	for a := range s.keyAttributes(x) {
		place[a.Name] = item[a.Name]
	}
	return place
}

// checkKey checks the key attributes of an item.
func (s Spec) checkKey(item Attributes) error {
	pk, _ := item.Find(s.PK.Name)
	sk, _ := item.Find(s.SK.Name)
	return s.checkKeyValues(pk, sk)
}

func (s Spec) checkKeyValues(pk, sk Value) error {
	if err := checkKeyValue("partition key", s.PK, pk, MaxPartitionKeySize); err != nil || !s.HasSK() {
		return err
	}
	return checkKeyValue("sort key", s.SK, sk, MaxSortKeySize)
}

// checkIndexes checks the attributes of item that are keys of indexes, if it has
// them.
func checkIndexes(indexes []Index, item Attributes) error {
	for _, x := range indexes {
		if err := x.check(item); err != nil {
			return err
		}
	}
	return nil
}

func (x Index) check(item Attributes) error {
	if v, ok := item.Find(x.PK.Name); ok {
		if err := checkKeyValue("partition key of index "+x.Name, x.PK, v, MaxPartitionKeySize); err != nil {
			return err
		}
	}
	if v, ok := item.Find(x.SK.Name); ok {
		return checkKeyValue("sort key of index "+x.Name, x.SK, v, MaxSortKeySize)
	}
	return nil
}

// KeyText tells keys of one table apart: the length keeps the two parts apart.
func (s Spec) KeyText(item Attributes) string { return string(s.appendKey(nil, item)) }

func (s Spec) appendKey(text []byte, item Attributes) []byte {
	pk, _ := item.Find(s.PK.Name)
	text = append(strconv.AppendInt(text, int64(len(pk.text)), 10), ':')
	text = append(text, pk.text...)
	if s.HasSK() {
		sk, _ := item.Find(s.SK.Name)
		text = append(text, sk.text...)
	}
	return text
}
