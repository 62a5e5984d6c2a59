SELECT * FROM failed_events FINAL WHERE failed_id = {failed_id:String} LIMIT 1
