package engines;

import com.microsoft.ml.lightgbm.SWIGTYPE_p_double;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_int;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_long_long;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_p_void;
import com.microsoft.ml.lightgbm.SWIGTYPE_p_void;
import com.microsoft.ml.lightgbm.lightgbmlib;
import com.microsoft.ml.lightgbm.lightgbmlibConstants;
import io.github.metarank.lightgbm4j.LGBMBooster;
import java.io.IOException;
import java.io.UncheckedIOException;

/** LightGBM itself on its fast path for single rows, as job.py uses it; of one thread. */
final class Model {
    static {
        try {
            LGBMBooster.loadNative();
        } catch (IOException exception) {
            throw new UncheckedIOException(exception);
        }
    }

    private final SWIGTYPE_p_void fast;
    private final SWIGTYPE_p_long_long length = lightgbmlib.new_int64_tp();
    private final SWIGTYPE_p_double probability = lightgbmlib.new_doublep();

    /** Load the file that ENGINE_MODEL names. */
    Model() {
        SWIGTYPE_p_int iterations = lightgbmlib.new_intp();
        SWIGTYPE_p_p_void booster = lightgbmlib.voidpp_handle();
        require(lightgbmlib.LGBM_BoosterCreateFromModelfile(System.getenv("ENGINE_MODEL"), iterations, booster));
        SWIGTYPE_p_p_void settings = lightgbmlib.voidpp_handle();
        require(lightgbmlib.LGBM_BoosterPredictForMatSingleRowFastInit(
                lightgbmlib.voidpp_value(booster),
                lightgbmlibConstants.C_API_PREDICT_NORMAL,
                0,
                -1,
                lightgbmlibConstants.C_API_DTYPE_FLOAT64,
                Job.FEATURES,
                "num_threads=1",
                settings));
        fast = lightgbmlib.voidpp_value(settings);
    }

    /** Return the probability of one row. */
    double one(double[] row) {
        require(lightgbmlib.LGBM_BoosterPredictForMatSingleRowFastCriticalSWIG(row, fast, length, probability));
        return lightgbmlib.doublep_value(probability);
    }

    private static void require(int code) {
        if (code != 0) {
            throw new IllegalStateException("LightGBM: " + lightgbmlib.LGBM_GetLastError());
        }
    }
}
