-- Brings all facts of irregular chains together; those of them that are worth a row come back through Python.

INSERT INTO side.doubtful
SELECT task_id, "partition", "offset", record FROM facts WHERE task_id IN (SELECT task_id FROM side.irregular);

DELETE FROM facts WHERE task_id IN (SELECT task_id FROM side.irregular);
