package handlertest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// sentAt is when the records of [RecordsOf] were made.
var sentAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// The account and the region of records.
const (
	account = "123456789012"
	region  = "eu-west-1"
)

// RecordsOf are records of a queue, a topic, a stream, a rule, a schedule, a log group,
// Kafka, a delivery stream or a trigger of a user pool, one for each value, as they come the first time: with ids "record-1",
// "record-2", ..., as long numbers of a stream, or as offsets of partition 0 of Kafka
// ("clicks-0/1"), from a source that has the store's own name. A []byte and a string
// are the data itself, all else is sent as JSON; for Kafka a nil []byte and a nil
// pointer are a null value. A test changes what it is about:
//
//	records := handlertest.RecordsOf(jobs, Job{ID: "1"}, Job{ID: "2"})
//	records[1].Group, records[1].Attempt = "ada", 3
//
// Panics if the source is a table, a bucket or the rotation of a secret, whose records are
// no values (see [ObjectRecord] and [RotationRecord]), or a value has no JSON.
func RecordsOf[T any](source datastore.Source[T], values ...T) []datastore.Record {
	feed := source.Feed()
	if feed.Service == "dynamodb" || feed.Service == "s3" || feed.Service == "secretsmanager" {
		panic("handlertest: RecordsOf: records of a " + feed.Spec.Kind() + " are no values of their own")
	}
	name := feed.Spec.Name()
	if feed.FIFO {
		name += ".fifo" // as SQS and SNS want it
	}
	all := make([]datastore.Record, len(values))
	for i := range values {
		r := datastore.Record{
			Service: feed.Service, Source: arnOf(feed.Service, name), ID: "record-" + strconv.Itoa(i+1),
			SentAt: sentAt, Data: dataOf(values[i]),
		}
		switch feed.Service {
		case "sqs":
			r.Attempt = 1
		case "kinesis":
			r.ID = fmt.Sprintf("4959033827149025660855969253836157109592%016d", i+1)
			r.Sequence, r.Group = r.ID, "key-"+strconv.Itoa(i+1)
		}
		if feed.Service == "sqs" && feed.FIFO {
			r.Group, r.Dedup, r.Sequence = "group-1", r.ID, fmt.Sprintf("1888888888%010d", i+1)
		}
		switch feed.Service {
		case "events":
			readEvent(&r)
		case "cognito":
			r.ID, r.SentAt = "", time.Time{}
			r.Source, r.Data = poolEvent(r.Data)
		case "firehose":
			r.Data = transformed(source, values[i])
			if len(feed.Events) > 0 {
				r.Source = arnOf("firehose", feed.Events[0])
			}
		}
		if feed.Service == "kafka" {
			ofKafka(&r, feed.Events[0], i+1, values[i])
		}
		all[i] = r
	}
	return all
}

// readEvent has a record say what its event says.
func readEvent(r *datastore.Record) {
	var e struct {
		ID, Source string
		Time       time.Time
	}
	if err := json.Unmarshal(r.Data, &e); err != nil {
		panic("handlertest: RecordsOf: " + err.Error())
	}
	r.ID, r.Source, r.SentAt = e.ID, e.Source, e.Time
}

func dataOf(value any) []byte {
	switch v := value.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	}
	return must(value)
}

func arnOf(service, name string) string {
	switch service {
	case "s3":
		return "arn:aws:s3:::" + name
	case "kinesis":
		name = "stream/" + name
	case "scheduler":
		name = "schedule/default/" + name
	case "firehose":
		name = "deliverystream/" + name
	case "kafka":
		name = "cluster/" + name + "/" + clusterUUID
	case "dynamodb":
		name = "table/" + name + "/stream/2026-01-02T03:04:05.000"
	}
	return "arn:aws:" + service + ":" + region + ":" + account + ":" + name
}

// ObjectRecord is what a bucket tells of an object through EventBridge. event is
// "Object Created" or "Object Deleted".
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
func ObjectRecord[T any](source datastore.Source[T], event, key string, size int64) datastore.Record {
	name := source.Feed().Spec.Name()
	object := object{"key": key, "sequencer": "00617F08299329D189"}
	detail := map[string]any{
		"version": "0", "bucket": map[string]any{"name": name}, "object": object,
		"request-id": "C3D13FE58DE4C810", "requester": account,
	}
	if event == "Object Created" {
		object["size"], object["etag"] = size, "d41d8cd98f00b204e9800998ecf8427e"
		detail["reason"], detail["source-ip-address"] = "PutObject", "192.0.2.1"
	} else {
		detail["reason"], detail["deletion-type"] = "DeleteObject", "Permanently Deleted"
	}
	return datastore.Record{
		Service: "s3", Source: arnOf("s3", name), ID: "record-1", Sequence: "00617F08299329D189", Group: key, SentAt: sentAt,
		Data: must(map[string]any{
			"version": "0", "id": "record-1", "detail-type": event, "source": "aws.s3", "account": account,
			"time": sentAt.Format(time.RFC3339), "region": region, "resources": []string{arnOf("s3", name)}, "detail": detail,
		}),
	}
}

// RotationRecord is a step of a rotation, as Secrets Manager asks for it: "createSecret",
// "setSecret", "testSecret" or "finishSecret". token is the id of the version that the
// rotation makes.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
func RotationRecord[T any](source datastore.Source[T], step, token string) datastore.Record {
	arn := arnOf("secretsmanager", "secret:"+source.Feed().Spec.Name())
	return datastore.Record{
		Service: "secretsmanager", Source: arn, ID: token + "." + step,
		Data: must(object{"Step": step, "SecretId": arn, "ClientRequestToken": token}),
	}
}

// RecordsEvent is the event by which a service delivers records, which are all of
// one [datastore.Record].Service. The Data of a record of a table, of a bucket, of a
// rule, of a trigger and of a rotation is the record's JSON itself; that of log events is compressed.
//
// Panics if there is none, a service is not known, or several come through
// EventBridge, which delivers events one by one.
func RecordsEvent(records ...datastore.Record) []byte {
	if len(records) == 0 {
		panic("handlertest: RecordsEvent: there is no record")
	}
	all := make([]any, len(records))
	for i := range records {
		switch r := &records[i]; r.Service {
		case "sqs":
			all[i] = sqsRecord(r)
		case "sns":
			all[i] = snsRecord(r)
		case "kinesis":
			all[i] = kinesisRecord(r)
		case "firehose":
			all[i] = deliveryRecord(r)
		case "kafka":
			return kafkaEvent(records)
		case "events", "scheduler", "logs", "cognito", "secretsmanager":
			if len(records) > 1 {
				panic("handlertest: RecordsEvent: " + r.Service + " delivers records one by one")
			}
			if r.Service == "logs" {
				return must(object{"awslogs": object{"data": logData(r.Data)}})
			}
			if r.Service == "events" || r.Service == "cognito" || r.Service == "secretsmanager" {
				return r.Data
			}
			return must(scheduled(r))
		case "dynamodb":
			all[i] = json.RawMessage(r.Data)
		case "s3":
			if isEventBridge(r.Data) && len(records) > 1 {
				panic("handlertest: RecordsEvent: EventBridge delivers events one by one")
			}
			if isEventBridge(r.Data) {
				return r.Data
			}
			all[i] = json.RawMessage(r.Data)
		default:
			panic("handlertest: RecordsEvent: no service " + strconv.Quote(r.Service))
		}
	}
	if r := records[0]; r.Service == "firehose" {
		return must(object{"invocationId": "invocation-1", "deliveryStreamArn": r.Source, "region": region, "records": all})
	}
	return must(object{"Records": all})
}

func isEventBridge(data []byte) bool {
	var e struct {
		DetailType *string `json:"detail-type"`
	}
	return json.Unmarshal(data, &e) == nil && e.DetailType != nil
}

// logData is a batch of log events as CloudWatch Logs compresses it.
func logData(batch []byte) []byte {
	var members object
	if err := json.Unmarshal(batch, &members); err != nil {
		panic("handlertest: RecordsEvent: log events: " + err.Error())
	}
	if _, ok := members["messageType"]; !ok {
		members["messageType"] = "DATA_MESSAGE"
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write(must(members)); err != nil {
		panic("handlertest: RecordsEvent: " + err.Error())
	}
	if err := w.Close(); err != nil {
		panic("handlertest: RecordsEvent: " + err.Error())
	}
	return compressed.Bytes()
}

// scheduled is the event of a schedule as the template has it sent.
func scheduled(r *datastore.Record) object {
	return object{
		"schedule": r.Source[strings.LastIndexByte(r.Source, '/')+1:], "id": r.ID, "source": "aws.scheduler",
		"detail-type": "Scheduled Event", "time": r.SentAt.UTC().Format(time.RFC3339), "resources": []string{r.Source},
		"detail": json.RawMessage(r.Data),
	}
}

func sqsRecord(r *datastore.Record) object {
	ms := strconv.FormatInt(r.SentAt.UnixMilli(), 10)
	system := map[string]string{
		"ApproximateReceiveCount": strconv.Itoa(r.Attempt), "SentTimestamp": ms,
		"SenderId": "AROAEXAMPLE:sender", "ApproximateFirstReceiveTimestamp": ms,
	}
	for name, value := range map[string]string{"MessageGroupId": r.Group, "MessageDeduplicationId": r.Dedup, "SequenceNumber": r.Sequence, "AWSTraceHeader": r.TraceHeader} {
		if value != "" {
			system[name] = value
		}
	}
	own := object{}
	for _, a := range r.Attributes {
		value := object{"dataType": a.Type, "stringListValues": []string{}, "binaryListValues": []string{}}
		if strings.HasPrefix(string(a.Type), string(datastore.AttributeBinary)) {
			value["binaryValue"] = []byte(a.Value)
		} else {
			value["stringValue"] = a.Value
		}
		own[a.Name] = value
	}
	sum := md5.Sum(r.Data)
	return object{
		"messageId": r.ID, "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", "body": string(r.Data), "attributes": system,
		"messageAttributes": own, "md5OfBody": hex.EncodeToString(sum[:]), "eventSource": "aws:sqs",
		"eventSourceARN": r.Source, "awsRegion": region,
	}
}

func snsRecord(r *datastore.Record) object {
	own := object{}
	for _, a := range r.Attributes {
		value := a.Value
		if strings.HasPrefix(string(a.Type), string(datastore.AttributeBinary)) {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		own[a.Name] = object{"Type": a.Type, "Value": value}
	}
	return object{
		"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": r.Source + ":2bcfbf39-05c3-41de-beaa-fcfcc21c8f55",
		"Sns": object{
			"Type": "Notification", "MessageId": r.ID, "TopicArn": r.Source, "Subject": orNull(r.Subject), "Message": string(r.Data),
			"Timestamp": r.SentAt.UTC().Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "1", "Signature": "EXAMPLE",
			"SigningCertUrl": "EXAMPLE", "UnsubscribeUrl": "EXAMPLE", "MessageAttributes": own,
		},
	}
}

func kinesisRecord(r *datastore.Record) object {
	return object{
		"kinesis": object{
			"kinesisSchemaVersion": "1.0", "partitionKey": r.Group, "sequenceNumber": r.Sequence, "data": orEmptyBytes(r.Data),
			"approximateArrivalTimestamp": json.Number(strconv.FormatFloat(float64(r.SentAt.UnixMilli())/1000, 'f', 3, 64)),
		},
		"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "shardId-000000000000:" + r.Sequence,
		"eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::" + account + ":role/worker",
		"awsRegion": region, "eventSourceARN": r.Source,
	}
}

// orEmptyBytes is for what encoding/json would write as null.
func orEmptyBytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// DoRecord calls h with a record as a doorway would: its data is the body of the
// request, and the record itself in the context. The error is why it failed.
func DoRecord(ctx context.Context, h handler.Handler, record datastore.Record) error {
	_, err := AskRecord(ctx, h, record)
	return err
}

// AskRecord is DoRecord for a source that wants an answer (datastore.Answering), which
// it gives: the response to a trigger, the result of a record of Firehose without its
// id.
func AskRecord(ctx context.Context, h handler.Handler, record datastore.Record) ([]byte, error) {
	req := Request("RECORD", "/", Body("", record.Data), Facts(func(f *handler.Facts) {
		f.FrontDoor, f.ID, f.Time = record.Service, record.ID, record.SentAt
		f.Host, f.Remote, f.Protocol, f.Scheme = "", "", "", ""
	}))
	answer, err := Do(datastore.WithRecord(ctx, &record), h, req)
	switch {
	case err != nil:
		return nil, err
	case answer.Status >= 400:
		return nil, &handler.Error{Status: answer.Status}
	}
	return answer.Body, nil
}

// ReadFailures are the ids of the records that a function says it did not work off:
// of messages of a queue and of records of Kafka ("clicks-0/15") those that failed, or
// were not begun, of a stream or a table the sequence number of the first of those. A
// list is what it must
// be: null is an error.
func ReadFailures(answer []byte) ([]string, error) {
	var a struct {
		Failures []struct {
			ID itemID `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	d := json.NewDecoder(strings.NewReader(string(answer)))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return nil, fmt.Errorf("read failures %.200q: %w", answer, err)
	}
	if a.Failures == nil {
		return nil, fmt.Errorf("read failures %.200q: %w", answer, errors.New("there is no list batchItemFailures"))
	}
	ids := make([]string, len(a.Failures))
	for i, f := range a.Failures {
		if f.ID == "" {
			return nil, fmt.Errorf("read failures %.200q: failure %d has no id, which AWS takes for the failure of all", answer, i)
		}
		ids[i] = string(f.ID)
	}
	return ids, nil
}
